/** Line icons of the interface, 24 × 24, drawn with the colour of the text beside them. */
export const interfaceIcons: Record<string, string> = {
  search: '<circle cx="11" cy="11" r="6.500"/><path d="m16 16 4.500 4.500"/>',
  basket: '<path d="M3.500 9.500h17l-1.600 9.200a1.500 1.500 0 0 1-1.500 1.300H6.600a1.500 1.500 0 0 1-1.500-1.300zM8 9.500 11 4M16 9.500 13 4M9.500 13.500v3M14.500 13.500v3"/>',
  heart: '<path d="M12 20S4 15.200 4 9.400A4.400 4.400 0 0 1 12 7a4.400 4.400 0 0 1 8 2.400C20 15.200 12 20 12 20z"/>',
  no: '<circle cx="12" cy="12" r="8"/><path d="m6.500 6.500 11 11"/>',
  close: '<path d="m6 6 12 12M18 6 6 18"/>',
  plus: '<path d="M12 5v14M5 12h14"/>',
  minus: '<path d="M5 12h14"/>',
  sun: '<circle cx="12" cy="12" r="4"/><path d="M12 2.500v2.500M12 19v2.500M2.500 12H5M19 12h2.500M5.300 5.300 7 7M17 17l1.700 1.700M18.700 5.300 17 7M7 17l-1.700 1.700"/>',
  moon: '<path d="M19.500 14.500A8 8 0 0 1 9.500 4.500a8 8 0 1 0 10 10z"/>',
  check: '<path d="m5 12.500 4.500 4.500L19 7.500"/>',
  chevron: '<path d="m6 9.500 6 6 6-6"/>',
  eye: '<path d="M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12z"/><circle cx="12" cy="12" r="2.800"/>',
  bag: '<path d="M5.500 8.500h13l1 12h-15zM9 8.500V7a3 3 0 0 1 6 0v1.500"/>',
};
