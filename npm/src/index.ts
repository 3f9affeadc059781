/**
 * Recommendations that never leave the browser.
 *
 * @packageDocumentation
 */
export { Recommender } from './recommender.js';
export { ProclivityError } from './errors.js';
export type {
  BackendChoice,
  BackendName,
  BatchOptions,
  BatchUser,
  BestTime,
  BestTimeOptions,
  Booster,
  Catalogue,
  Context,
  CatalogueColumn,
  EventType,
  Fairness,
  Explore,
  Filter,
  HistoryItem,
  Info,
  InteractionEvent,
  ListOptions,
  LoadOptions,
  LoadProgress,
  ModelSource,
  NumberRange,
  NewItem,
  ProfileState,
  ProfileStorage,
  Push,
  Reason,
  Recommendation,
  RecommendedItem,
  RecommendOptions,
  Rule,
  SimilarOptions,
  StoredProfile,
  TracedStage,
  UpdateOptions,
} from './types.js';
