/** Drawings for dairy, bakery, packaged food and drink; inks as in `fresh.ts`. */
export const pantry: Record<string, string> = {
  milk:
    '<path class="a" d="m16 26 8-12h16l8 12v30a3 3 0 0 1-3 3H19a3 3 0 0 1-3-3z"/><path class="c" d="M23 6h18v8H23z"/><path class="b" d="M16 34h32v15H16z"/><path class="c" d="M32 36c4 4 5 6 5 8a5 5 0 0 1-10 0c0-2 1-4 5-8z"/>',
  eggs:
    '<path class="b" d="M13 32c0-8 3-13 7-13s7 5 7 13zM25 32c0-8 3-13 7-13s7 5 7 13zM37 32c0-8 3-13 7-13s7 5 7 13z"/><path class="a" d="M6 31h52l-3 19a4 4 0 0 1-4 3H13a4 4 0 0 1-4-3z"/><path class="c" d="M13 38h10a5 5 0 0 1-10 0zM27 38h10a5 5 0 0 1-10 0zM41 38h10a5 5 0 0 1-10 0z"/>',
  cheese:
    '<path class="c" d="M6 32 38 13c11 2 19 9 20 19z"/><path class="a" d="M6 32h52v18a3 3 0 0 1-3 3H9a3 3 0 0 1-3-3z"/><circle class="b" cx="20" cy="42" r="5"/><circle class="b" cx="38" cy="39" r="3"/><circle class="b" cx="47" cy="46" r="4"/><circle class="a" cx="39" cy="24" r="3.500"/>',
  yogurt:
    '<path class="a" d="M15 22h34l-4 33a4 4 0 0 1-4 3H23a4 4 0 0 1-4-3z"/><path class="c" d="M12 13h40a3 3 0 0 1 3 3v3a3 3 0 0 1-3 3H12a3 3 0 0 1-3-3v-3a3 3 0 0 1 3-3z"/><circle class="b" cx="32" cy="39" r="9"/><path class="c" d="M32 34c3-1 6 1 5 4s-3 6-5 6-4-3-5-6 2-5 5-4z"/>',
  butter:
    '<path class="a" d="M8 30h40v20H11a3 3 0 0 1-3-3z"/><path class="c" d="m8 30 8-12h40l-8 12z"/><path class="a" d="m48 30 8-12v18l-8 14z"/><path class="b" d="M18 30h8v20h-8zM26 18h7l-7 12h-8z"/>',
  bread:
    '<path class="a" d="M8 26c0-8 9-13 24-13s24 5 24 13c0 5-3 7-5 8v18a4 4 0 0 1-4 4H17a4 4 0 0 1-4-4V34c-2-1-5-3-5-8z"/><path class="b" d="M14 26c0-5 7-8 18-8s18 3 18 8c0 3-3 4-4 4v19a2 2 0 0 1-2 2H20a2 2 0 0 1-2-2V30c-1 0-4-1-4-4z"/><path class="c" d="M25 26h4v3h-4zM36 31h4v3h-4zM27 40h4v3h-4zM36 23h3v3h-3z"/>',
  bun:
    '<path class="a" d="M6 42c0-16 11-26 26-26s26 10 26 26c0 6-3 9-8 9H14c-5 0-8-3-8-9z"/><path class="c" d="M17 22c3 5 3 13-1 18h5c4-6 5-14 2-21zM30 16c3 7 3 16-1 24h5c4-8 4-17 1-24zM43 19c3 6 2 14-2 21h5c4-6 5-12 2-18z"/><path class="b" d="M12 44h40v3H12z"/>',
  cake:
    '<path class="a" d="M8 34h48v19a3 3 0 0 1-3 3H11a3 3 0 0 1-3-3z"/><path class="b" d="M12 24h40a4 4 0 0 1 4 4v8c0 4-6 4-6 0 0 6-8 6-8 0 0 4-6 4-6 0 0 8-8 8-8 0 0 4-6 4-6 0 0 6-8 6-8 0 0 4-6 4-6 0v-8a4 4 0 0 1 4-4z"/><circle class="c" cx="32" cy="17" r="6"/><path class="c" d="M8 47h48v4H8z"/>',
  pie:
    '<path class="a" d="M4 34h56l-5 17a4 4 0 0 1-4 3H13a4 4 0 0 1-4-3z"/><path class="c" d="M6 34c2-11 13-18 26-18s24 7 26 18z"/><path class="b" d="m24 22 4-2 4 10h-4zM36 20l4 2-2 8h-4zM4 32h56v5H4z"/>',
  cookie:
    '<circle class="a" cx="32" cy="33" r="23"/><circle class="b" cx="24" cy="26" r="4"/><circle class="b" cx="40" cy="40" r="4"/><circle class="c" cx="39" cy="24" r="4"/><circle class="c" cx="25" cy="41" r="4"/><circle class="b" cx="32" cy="33" r="2.500"/><circle class="c" cx="47" cy="32" r="2.500"/>',
  donut:
    '<path class="a" fill-rule="evenodd" d="M32 10a23 23 0 1 1 0 46 23 23 0 0 1 0-46zm0 16a7 7 0 1 0 0 14 7 7 0 0 0 0-14z"/><path class="b" fill-rule="evenodd" d="M32 14c11 0 19 8 19 18 0 5-5 3-7 7s-6 2-9 5-6 1-9 3-5-3-8-6-5-4-5-9c0-10 8-18 19-18zm0 12a7 7 0 1 0 0 14 7 7 0 0 0 0-14z"/><path class="c" d="M22 24h5v2.500h-5zM37 19h2.500v5H37zM43 31h5v2.500h-5zM19 34h2.500v5H19zM34 43h5v2.500h-5z"/>',
  cracker:
    '<path class="a" d="M14 10h36a4 4 0 0 1 4 4v36a4 4 0 0 1-4 4H14a4 4 0 0 1-4-4V14a4 4 0 0 1 4-4z"/><path class="b" d="M14 14h36v36H14z" opacity=".25"/><path class="b" d="M20 20h5v5h-5zM29.500 20h5v5h-5zM39 20h5v5h-5zM20 29.500h5v5h-5zM39 29.500h5v5h-5zM20 39h5v5h-5zM29.500 39h5v5h-5zM39 39h5v5h-5z"/><path class="c" d="M29.500 29.500h5v5h-5z"/>',
  chips:
    '<path class="a" d="M14 8h36l-2 6c4 14 4 24 0 36l2 7H14l2-7c-4-12-4-22 0-36z"/><path class="b" d="M14 8h36l-1.500 5h-33zM15.500 52h33l1.500 5H14z"/><circle class="b" cx="32" cy="32" r="11"/><path class="c" d="M24 33c3-6 12-8 17-3-2 6-12 9-17 3z"/>',
  popcorn:
    '<path class="b" d="M14 26c-3-6 2-11 7-9 1-6 8-9 12-5 5-3 11 0 11 5 6-1 9 5 6 9z"/><path class="a" d="M12 26h40l-5 30a3 3 0 0 1-3 2H20a3 3 0 0 1-3-2z"/><path class="c" d="M22 26h6l1 32h-5zM36 26h6l-2 32h-5z"/>',
  candy:
    '<path class="c" d="m4 22 16 6v8L4 42c3-6 3-14 0-20zM60 22l-16 6v8l16 6c-3-6-3-14 0-20z"/><circle class="a" cx="32" cy="32" r="16"/><path class="b" d="M25 18c4 8 4 20 0 28l4 1.500c5-9 5-22 0-31zM37 17c4 8 4 20 0 30l4-2c4-8 4-18 0-26z"/>',
  cereal:
    '<path class="a" d="M15 6h34a3 3 0 0 1 3 3v46a3 3 0 0 1-3 3H15a3 3 0 0 1-3-3V9a3 3 0 0 1 3-3z"/><path class="c" d="M12 12h40v8H12z"/><path class="b" d="M19 38h26c0 9-5 14-9 14h-8c-4 0-9-5-9-14z"/><circle class="b" cx="25" cy="32" r="3.500"/><circle class="c" cx="33" cy="30" r="3.500"/><circle class="b" cx="40" cy="33" r="3.500"/>',
  bowl:
    '<path class="c" d="M22 8c4 4-2 7 2 12h-4c-4-5 2-8-2-12zM34 6c4 5-2 8 2 14h-4c-4-6 2-9-2-14zM46 8c4 4-2 7 2 12h-4c-4-5 2-8-2-12z"/><path class="b" d="M8 28h48a24 5 0 0 1-48 0z"/><path class="a" d="M5 28h54c0 14-8 24-18 27H23C13 52 5 42 5 28z"/><path class="c" d="M11 33h42l-1 4H12z"/>',
  pasta:
    '<path class="a" d="M20 6h24a3 3 0 0 1 3 3v46a3 3 0 0 1-3 3H20a3 3 0 0 1-3-3V9a3 3 0 0 1 3-3z"/><path class="b" d="M22 12h2.500v24H22zM27 12h2.500v24H27zM32 12h2.500v24H32zM37 12h2.500v24H37z"/><path class="c" d="M17 40h30v12H17z"/>',
  sack:
    '<path class="a" d="M16 16h32c6 12 8 26 4 38a5 5 0 0 1-5 4H17a5 5 0 0 1-5-4c-4-12-2-26 4-38z"/><path class="c" d="M14 6h36l-3 10H17z"/><path class="b" d="M18 28h28c2 7 2 13 0 19H18c-2-6-2-12 0-19z"/><path class="c" d="M32 31c4 3 4 9 0 13-4-4-4-10 0-13z"/>',
  box:
    '<path class="a" d="M10 16h44a3 3 0 0 1 3 3v34a3 3 0 0 1-3 3H10a3 3 0 0 1-3-3V19a3 3 0 0 1 3-3z"/><path class="c" d="M10 9h44l3 10H7z"/><path class="b" d="M15 29h34v18H15z"/><path class="c" d="M20 34h16v3H20zM20 40h24v3H20z"/>',
  can:
    '<path class="a" d="M14 14h36v40c0 3-8 5-18 5s-18-2-18-5z"/><ellipse class="c" cx="32" cy="14" rx="18" ry="6"/><ellipse class="b" cx="32" cy="14" rx="13" ry="3.500"/><path class="b" d="M14 27c8 4 28 4 36 0v19c-8 4-28 4-36 0z"/><circle class="c" cx="32" cy="38" r="6.500"/>',
  jar:
    '<path class="c" d="M18 7h28a2 2 0 0 1 2 2v8H16V9a2 2 0 0 1 2-2z"/><path class="a" d="M18 17h28c6 4 7 8 7 12v24a5 5 0 0 1-5 5H16a5 5 0 0 1-5-5V29c0-4 1-8 7-12z"/><path class="b" d="M11 32h42v16H11z"/><path class="c" d="M25 37h14v6H25z"/>',
  bottle:
    '<path class="c" d="M26 4h12v9H26z"/><path class="a" d="M27 13h10c0 9 9 11 9 22v19a5 5 0 0 1-5 5H23a5 5 0 0 1-5-5V35c0-11 9-13 9-22z"/><path class="b" d="M18 36h28v14H18z"/><path class="c" d="M32 38c3 3 4 4.500 4 6a4 4 0 0 1-8 0c0-1.500 1-3 4-6z"/>',
  spice:
    '<path class="c" d="M20 6h24a3 3 0 0 1 3 3v9H17V9a3 3 0 0 1 3-3z"/><path class="b" d="M23 10h4v4h-4zM30 10h4v4h-4zM37 10h4v4h-4z"/><path class="a" d="M17 18h30v36a4 4 0 0 1-4 4H21a4 4 0 0 1-4-4z"/><path class="b" d="M17 28h30v18H17z"/><path class="c" d="M24 42c0-7 5-11 16-11 0 7-5 11-16 11z"/>',
  soda:
    '<path class="c" d="M22 6h20l3 6H19z"/><path class="a" d="M19 12h26l2 6v32l-3 8H20l-3-8V18z"/><path class="b" d="m17 38 30-14v12L17 50z"/><circle class="c" cx="38" cy="48" r="3"/><circle class="c" cx="24" cy="24" r="3"/>',
  water:
    '<path class="c" d="M26 4h12v7H26z"/><path class="a" d="M27 11h10l7 12v6l-2 3 2 3v6l-2 3 2 3v6a5 5 0 0 1-5 5H25a5 5 0 0 1-5-5v-6l2-3-2-3v-6l2-3-2-3v-6z"/><path class="b" d="M20 29h24v12H20z"/><path class="c" d="M24 36c3-4 5 2 8 0s5 2 8-1v3c-3 3-5-1-8 1s-5-2-8 1z"/>',
  juice:
    '<path class="a" d="M14 18h36l-4 37a4 4 0 0 1-4 3H22a4 4 0 0 1-4-3z"/><path class="b" d="M15 24h34l-1 6H16z"/><path class="c" d="m36 18 5-14 9-1v4l-6 1-4 10z"/><circle class="c" cx="32" cy="43" r="8"/><circle class="b" cx="32" cy="43" r="4"/>',
  coffee:
    '<path class="c" d="M22 5c4 5-2 7 2 13h-4c-4-6 2-8-2-13zM33 5c4 5-2 7 2 13h-4c-4-6 2-8-2-13z"/><path class="a" d="M8 24h38v3h5a9 9 0 0 1 0 21h-6a14 14 0 0 1-13 9h-10A14 14 0 0 1 8 43zm38 9v9h4a4.500 4.500 0 0 0 0-9z"/><path class="b" d="M13 29h28v4H13z"/>',
  wine:
    '<path class="c" d="M26 3h12v7H26z"/><path class="a" d="M27 10h10v12c0 4 7 6 7 13v20a4 4 0 0 1-4 4H24a4 4 0 0 1-4-4V35c0-7 7-9 7-13z"/><path class="b" d="M20 37h24v14H20z"/><path class="c" d="M25 41h14v2.500H25zM28 46h8v2.500h-8z"/>',
  beer:
    '<path class="a" d="M10 22h32v32a4 4 0 0 1-4 4H14a4 4 0 0 1-4-4zM42 28h6a8 8 0 0 1 8 8v8a8 8 0 0 1-8 8h-6v-5h6a3 3 0 0 0 3-3v-8a3 3 0 0 0-3-3h-6z"/><path class="b" d="M8 22c-3-6 2-11 7-9 2-6 10-7 14-3 6-3 13 0 13 5 4 1 4 7 0 9v5h-5v-4H14v7H9z"/><path class="c" d="M18 34h4v18h-4zM29 34h4v18h-4z"/>',
  icecream:
    '<path class="c" d="M18 34h28L33 60h-2z"/><path class="b" d="m22 40 4 6 6-8 6 8 4-6-1.500-4h-17z" opacity=".4"/><path class="a" d="M14 32c-2-14 7-26 18-26s20 12 18 26c-1 6-7 6-9 2-2 5-7 5-9 0-2 5-7 5-9 0-2 4-8 4-9-2z"/><path class="b" d="M22 18c2-4 5-6 9-6v3.500c-3 0-5 1.500-6 4z"/>',
  popsicle:
    '<path class="c" d="M28 44h8v14a4 4 0 0 1-8 0z"/><path class="a" d="M16 20a16 16 0 0 1 32 0v22a4 4 0 0 1-4 4H20a4 4 0 0 1-4-4z"/><path class="b" d="M24 18h4v20h-4zM36 18h4v20h-4z"/>',
  frozen:
    '<path class="a" d="M11 8h42a3 3 0 0 1 3 3v42a3 3 0 0 1-3 3H11a3 3 0 0 1-3-3V11a3 3 0 0 1 3-3z"/><path class="b" d="M30.500 14h3v36h-3zM15 24.300l1.500-2.600 31.200 18-1.500 2.600zM46.200 21.700l1.500 2.600-31.200 18-1.500-2.600z"/><path class="c" d="m32 26 5.200 3v6L32 38l-5.200-3v-6z"/>',
  pizza:
    '<path class="c" d="M6 18c16-10 36-10 52 0l-4 7c-13-8-31-8-44 0z"/><path class="a" d="M11 26c13-7 29-7 42 0L32 60z"/><circle class="b" cx="26" cy="32" r="4.500"/><circle class="b" cx="38" cy="34" r="4.500"/><circle class="b" cx="31" cy="46" r="3.500"/>',
  taco:
    '<path class="c" d="M10 40c-2-5 1-9 5-9-1-6 5-10 10-7 2-6 11-6 14-1 6-2 11 2 10 8 5 0 7 5 5 9z"/><path class="a" d="M4 48c0-15 13-26 28-26s28 11 28 26c0 4-3 5-6 5H10c-3 0-6-1-6-5z"/><path class="b" d="M20 38h3v3h-3zM32 32h3v3h-3zM42 40h3v3h-3zM28 44h3v3h-3z"/>',
};
