import { tell } from './question.js';

tell([]);
