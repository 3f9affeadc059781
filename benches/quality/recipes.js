// The settings measured on each split, chosen on validation users alone.

const ALS = ['--als-regularization-power', '1', '--patience', '100'];

/** Flags that every trial of a search has. */
export const FIXED = {
  'complete-journey-temporal': ['--confidence', 'log-count', '--repurchase'],
};
const TEMPORAL = [...FIXED['complete-journey-temporal'], '--validation', '0'];

/** Hybrids of vectors or a network with neighbours, and with a ranker after them, beside those among the recipes. */
export const HYBRIDS = {
  'complete-journey-strong': {
    'mult-vae+slim': ['--confidence', 'log-count', '--slim-l1', '2', '--slim-l2', '200', '--slim-user-power', '0.5', '--neighbours', '20'],
    'als+slim+ncf': ['--confidence', 'log-count', '--slim-l1', '2', '--slim-l2', '200', '--slim-user-power', '0.5', '--neighbours', '20'],
  },
  'goodbooks-strong': {},
};

/** Families whose accuracy after the first events of a history is plotted: those among the recipes, and these. */
export const BEGINNERS = {
  bpr: [], 'logistic-mf': [], item2vec: [], gmf: [], mlp: [], neumf: [], 'two-tower': [], fm: [], deepfm: [], gru4rec: [], sasrec: ['--deep-dropout', '0.5'],
};

export const RECIPES = {
  'complete-journey-strong': {
    'als+slim': ['--confidence', 'log-count', '--slim-l1', '2', '--slim-l2', '200', '--slim-user-power', '0.5', '--neighbours', '20'],
    'als+ease': ['--epochs', '8', '--als-alpha', '5', '--als-regularization', '0.01', ...ALS, '--ease-lambda', '400', '--ease-user-power', '0.4', '--neighbours', '10'],
    als: [],
    ease: ['--ease-lambda', '400', '--ease-user-power', '0.4', '--neighbours', '40'],
    slim: ['--slim-l1', '2', '--slim-l2', '200', '--neighbours', '40'],
    'item-knn': ['--item-knn-weighting', 'bm25'],
    elsa: [],
    'mult-vae': ['--confidence', 'log-count'],
  },
  'goodbooks-strong': {
    'als+ease': ['--epochs', '12', '--als-alpha', '100', '--als-regularization', '0.01', ...ALS, '--ease-lambda', '60', '--ease-dropout', '0', '--ease-user-power', '0.25', '--neighbours', '10'],
    'als+slim': ['--epochs', '12', '--als-alpha', '100', '--als-regularization', '0.01', ...ALS, '--slim-l1', '1', '--slim-l2', '20', '--slim-user-power', '0.25', '--neighbours', '20'],
    als: ['--epochs', '12', '--als-alpha', '30', '--als-regularization', '0.003', ...ALS],
    ease: ['--ease-lambda', '60', '--ease-dropout', '0', '--ease-user-power', '0.25', '--neighbours', '40'],
    slim: ['--slim-l1', '1', '--slim-l2', '20', '--slim-user-power', '0.25', '--neighbours', '40'],
    'item-knn': ['--item-knn-weighting', 'bm25'],
    elsa: [],
  },
  'complete-journey-temporal': {
    'als+ease': [...TEMPORAL, '--epochs', '8', '--als-alpha', '5', '--als-regularization', '0.01', ...ALS, '--ease-lambda', '900', '--ease-user-power', '0.7', '--neighbours', '10', '--dot-weight', '1'],
    als: [...TEMPORAL, '--epochs', '8', '--als-alpha', '5', '--als-regularization', '0.01', ...ALS],
    ease: [...TEMPORAL, '--ease-lambda', '900', '--ease-user-power', '0.7', '--neighbours', '40'],
    slim: [...TEMPORAL, '--slim-l1', '2', '--slim-l2', '200', '--neighbours', '40'],
    'item-knn': TEMPORAL,
    elsa: [...TEMPORAL, '--epochs', '10'],
  },
  'ml-1m-ncf': {
    'als+ease': ['--dim', '128', '--epochs', '8', '--als-alpha', '10', '--als-regularization', '0.01', ...ALS, '--ease-lambda', '200', '--ease-user-power', '0.5', '--neighbours', '80', '--dot-weight', '0.8', '--validation', '0'],
    als: ['--dim', '128', '--epochs', '8', '--als-alpha', '10', '--als-regularization', '0.01', ...ALS, '--validation', '0'],
    ease: ['--ease-lambda', '200', '--ease-user-power', '0.5', '--neighbours', '80', '--validation', '0'],
    slim: ['--slim-l1', '2', '--slim-l2', '200', '--neighbours', '80', '--validation', '0'],
    'item-knn': ['--neighbours', '80', '--validation', '0'],
    elsa: ['--epochs', '10', '--validation', '0'],
    neumf: ['--dim', '128', '--epochs', '50', '--deep-learning-rate', '0.01', '--deep-weight-decay', '0.03'],
  },
  'amazon-video': {
    sasrec: ['--epochs', '36', '--patience', '10', '--deep-learning-rate', '0.002', '--deep-dropout', '0.5'],
    gru4rec: ['--epochs', '24', '--deep-learning-rate', '0.002', '--deep-dropout', '0.5'],
    'item-knn': ['--neighbours', '100'],
    popular: [],
  },
  'movietweetings-cold': {
    als: ['--dim', '32', '--content'],
  },
};
