import js from '@eslint/js';
import globals from 'globals';

export default [
  { ignores: ['dist', 'node_modules'] },
  js.configs.recommended,
  { rules: { 'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }] } },
  { files: ['src/**/*.js', 'public/*.js'], languageOptions: { globals: globals.browser } },
  { files: ['node/*.js', '*.config.js'], languageOptions: { globals: { ...globals.node, window: 'readonly' } } },
];
