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
  Catalogue,
  Context,
  CatalogueColumn,
  EventType,
  Filter,
  Info,
  InteractionEvent,
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
  SimilarOptions,
  StoredProfile,
} from './types.js';
