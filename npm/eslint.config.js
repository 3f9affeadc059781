import js from '@eslint/js';
import tseslint from 'typescript-eslint';

// typescript-eslint 8 reads types through the TypeScript compiler API, which TypeScript 7 does not offer;
// the package is therefore built and linted with TypeScript 6.
export default tseslint.config(
  { ignores: ['dist', 'wasm', 'packaging/vite-app/dist'] },
  js.configs.recommended,
  {
    files: ['src/**/*.ts', 'test/**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
    },
  },
  {
    // Node's own tests and vitest hand promises and fakes about freely.
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['scripts/**/*.mjs', 'packaging/**/*.mjs', '*.js'],
    languageOptions: { globals: readonly('console', 'process', 'URL', 'fetch', 'setTimeout', 'performance') },
  },
  {
    files: ['packaging/browser.mjs', 'packaging/vite-app/**/*.js'],
    languageOptions: { globals: readonly('window') },
  },
);

function readonly(...names) {
  return Object.fromEntries(names.map((name) => [name, 'readonly']));
}
