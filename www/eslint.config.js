import js from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist', 'node_modules'] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  {
    files: ['**/*.mjs', 'public/*.js', 'plugins/service-worker.js'],
    languageOptions: {
      globals: {
        console: 'readonly', process: 'readonly', URL: 'readonly',
        self: 'readonly', caches: 'readonly', fetch: 'readonly', Request: 'readonly',
        document: 'readonly', localStorage: 'readonly',
      },
    },
  },
);
