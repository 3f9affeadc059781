// Ours, through the public npm API.
import { Recommender } from 'proclivity';

export function proclivity(modelName, backend) {
  return {
    name: `proclivity ${backend}`,
    peer: null,
    async open() {
      const recommender = await Recommender.load(`/models/${modelName}.safetensors`, { backend });
      const info = recommender.info();
      if (info.backend !== backend) throw new Error(`expected the ${backend} backend, found ${info.backend}: ${info.reason}`);
      return {
        detail: info.adapter === null ? info.kernels : `${info.kernels}, ${info.adapter}`,
        query: (user) => recommender.recommend({ user, count: 10, explain: false }),
        read: ({ items }) => ({
          items: items.map(({ id }) => Number(id.slice(1))),
          scores: items.map(({ score }) => score),
        }),
        close: () => recommender.dispose(),
      };
    },
  };
}
