import { Recommender } from 'proclivity';
import { firstUser, MODEL, tell } from './question.js';

const recommender = await Recommender.load(`/models/${MODEL}.safetensors`);
const { items } = await recommender.recommend({ user: firstUser(64), count: 10, explain: false });
tell(items.map(({ id }) => Number(id.slice(1))));
