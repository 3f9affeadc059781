/** Drawings for the household, care and general aisles; inks as in `fresh.ts`. */
export const home: Record<string, string> = {
  roll:
    '<path class="a" d="M14 20h36v32c0 4-8 7-18 7s-18-3-18-7z"/><ellipse class="b" cx="32" cy="18" rx="18" ry="9"/><ellipse class="c" cx="32" cy="18" rx="7" ry="3.500"/><path class="b" d="M14 40c8 5 28 5 36 0v3c-8 5-28 5-36 0z" opacity=".5"/>',
  tissue:
    '<path class="b" d="M22 30c0-8 2-14 6-20 3 4 5 3 8 0 4 5 6 12 6 20z"/><path class="a" d="M8 28h48v24a4 4 0 0 1-4 4H12a4 4 0 0 1-4-4z"/><path class="c" d="M18 28h28c0 6-6 8-14 8s-14-2-14-8z"/>',
  spray:
    '<path class="c" d="M18 8h20l8 4v6H34v4h-8v-8l-8-1zM12 9h4v4h-4zM10 15h4v3h-4z"/><path class="a" d="M26 22h10c1 7 9 10 9 20v12a5 5 0 0 1-5 5H24a5 5 0 0 1-5-5V42c0-10 6-13 7-20z"/><path class="b" d="M19 40h26v12H19z"/>',
  jug:
    '<path class="c" d="M18 5h13v8H18z"/><path class="a" fill-rule="evenodd" d="M17 13h15l16 10c3 2 4 5 4 9v22a5 5 0 0 1-5 5H17a5 5 0 0 1-5-5V21c0-4 2-6 5-8zm18 9v10h9v-4z"/><path class="b" d="M12 37h40v14H12z"/><path class="c" d="M32 39c3 3 4 4.500 4 6a4 4 0 0 1-8 0c0-1.500 1-3 4-6z"/>',
  bag:
    '<path class="c" d="m22 6 10 6 10-6-3 12H25z"/><path class="a" d="M25 17h14c10 6 15 16 15 27 0 10-9 15-22 15S10 54 10 44c0-11 5-21 15-27z"/><path class="b" d="M20 34c-3 4-4 8-3 13l3-.700c-1-4 0-7 2.500-10.500z"/>',
  foil:
    '<path class="a" d="M6 34h46v16a4 4 0 0 1-4 4H10a4 4 0 0 1-4-4z"/><path class="c" d="M6 26h46l6 8H6z"/><path class="b" d="M12 10h34l6 16H18z"/><path class="b" d="M14 41h22v5H14z"/>',
  cup:
    '<path class="a" d="M16 12h32l-4 44a3 3 0 0 1-3 3H23a3 3 0 0 1-3-3z"/><path class="c" d="M13 6h38v7H13z"/><path class="b" d="M17.300 26h29.400l-1.300 14H18.600z"/>',
  pill:
    '<path class="c" d="M18 5h28a2 2 0 0 1 2 2v9H16V7a2 2 0 0 1 2-2z"/><path class="a" d="M18 16h28v38a5 5 0 0 1-5 5H23a5 5 0 0 1-5-5z"/><path class="b" d="M18 26h28v21H18z"/><path class="c" d="M30 29h4v5.500h5.500v4H34V44h-4v-5.500h-5.500v-4H30z"/>',
  pump:
    '<path class="c" d="M30 4h16v5H36v9h-6zM24 18h16v6H24z"/><path class="a" d="M22 24h20a7 7 0 0 1 7 7v23a5 5 0 0 1-5 5H20a5 5 0 0 1-5-5V31a7 7 0 0 1 7-7z"/><path class="b" d="M15 36h34v14H15z"/><circle class="c" cx="32" cy="43" r="4"/>',
  brush:
    '<path class="a" d="m8 50 34-34 6 6-34 34a4.200 4.200 0 0 1-6-6z"/><path class="b" d="m36 10 4-4 5 5-4 4zM42 16l4-4 5 5-4 4zM48 22l4-4 5 5-4 4z"/><path class="c" d="m34 13 17 17-4 4-17-17z"/>',
  baby:
    '<path class="c" d="M28 4h8c2 4 5 6 5 10H23c0-4 3-6 5-10z"/><path class="c" d="M19 14h26v7H19z"/><path class="a" d="M20 21h24l3 10v23a5 5 0 0 1-5 5H22a5 5 0 0 1-5-5V31z"/><path class="b" d="M17 38h20v3H17zM17 45h14v3H17zM17 31h14v3H17z"/>',
  lipstick:
    '<path class="c" d="M26 24V12l12-8v20z"/><path class="b" d="M23 24h18v12H23z"/><path class="a" d="M19 34h26v21a4 4 0 0 1-4 4H23a4 4 0 0 1-4-4z"/><path class="b" d="M19 40h26v3H19z"/>',
  battery:
    '<path class="c" d="M25 5h14v7H25z"/><path class="a" d="M20 11h24a4 4 0 0 1 4 4v40a4 4 0 0 1-4 4H20a4 4 0 0 1-4-4V15a4 4 0 0 1 4-4z"/><path class="b" d="M16 22h32v26H16z"/><path class="c" d="M35 24 24 37h7l-2 9 11-13h-7z"/>',
  card:
    '<path class="a" d="M8 14h48a3 3 0 0 1 3 3v30a3 3 0 0 1-3 3H8a3 3 0 0 1-3-3V17a3 3 0 0 1 3-3z"/><path class="b" d="m5 18 27 19 27-19v4L32 42 5 22z"/><path class="c" d="M32 25c3-4 9-2 9 3 0 4-5 7-9 10-4-3-9-6-9-10 0-5 6-7 9-3z"/>',
  magazine:
    '<path class="a" d="M14 6h36a3 3 0 0 1 3 3v46a3 3 0 0 1-3 3H14a3 3 0 0 1-3-3V9a3 3 0 0 1 3-3z"/><path class="b" d="M17 12h30v9H17z"/><path class="c" d="M17 26h16v16H17z"/><path class="b" d="M37 26h10v3H37zM37 32h10v3H37zM37 38h10v3H37zM17 46h30v3H17zM17 51h20v2.500H17z"/>',
  pencil:
    '<path class="a" d="m16 38 24-24 10 10-24 24z"/><path class="b" d="m16 38 10 10-14 4z"/><path class="c" d="m42 12 3-3a5 5 0 0 1 7 0l3 3a5 5 0 0 1 0 7l-3 3zM13.500 46l4.500 4.500L12 52z"/>',
  paw:
    '<path class="a" d="M32 32c9 0 16 8 16 15 0 6-5 9-9 8-3-.700-5-1-7-1s-4 .300-7 1c-4 1-9-2-9-8 0-7 7-15 16-15z"/><ellipse class="a" cx="13" cy="30" rx="6" ry="7.500"/><ellipse class="c" cx="25" cy="18" rx="6" ry="8.500"/><ellipse class="a" cx="39" cy="18" rx="6" ry="8.500"/><ellipse class="c" cx="51" cy="30" rx="6" ry="7.500"/>',
  broom:
    '<path class="c" d="M30 4h4v28h-4z"/><path class="b" d="M24 30h16v8H24z"/><path class="a" d="M22 38h20c3 6 5 12 6 20H16c1-8 3-14 6-20z"/><path class="c" d="M25 46h2v12h-2zM31 46h2v12h-2zM37 46h2v12h-2z"/>',
  flame:
    '<path class="a" d="M34 4c2 12 18 18 18 34 0 12-9 20-20 20s-20-8-20-19c0-9 6-13 8-21 4 3 6 6 7 10 4-6 7-13 7-24z"/><path class="c" d="M33 30c1 7 9 10 9 17a10 10 0 0 1-20 0c0-5 3-7 4-11 3 2 4 4 4 6 2-3 3-7 3-12z"/><path class="b" d="M32 46c3 3 4 4 4 6a4 4 0 0 1-8 0c0-2 1-3 4-6z"/>',
  toy:
    '<path class="a" d="M10 30h44v24a4 4 0 0 1-4 4H14a4 4 0 0 1-4-4z"/><path class="c" d="M6 22h52v10H6z"/><path class="b" d="M28 22h8v36h-8zM32 22c-10 0-16-3-15-9 2-6 13-2 15 9 2-11 13-15 15-9 1 6-5 9-15 9z"/>',
  gadget:
    '<path class="a" d="M10 24h36v6h8a5 5 0 0 1 0 10h-8v10a6 6 0 0 1-6 6H16a6 6 0 0 1-6-6z"/><path class="c" d="M7 18h42v7H7z"/><circle class="c" cx="28" cy="13" r="4"/><path class="b" d="M16 34h4v14h-4z"/>',
  bulb:
    '<path class="a" d="M32 5a18 18 0 0 1 11 32c-3 3-3 5-3 8H24c0-3 0-5-3-8A18 18 0 0 1 32 5z"/><path class="b" d="M32 11v3.500A9 9 0 0 0 23 23h-3.500A12 12 0 0 1 32 11z"/><path class="c" d="M24 47h16v4H24zM26 53h12v3a4 4 0 0 1-4 3h-4a4 4 0 0 1-4-3z"/>',
};
