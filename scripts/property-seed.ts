import fc from 'fast-check';

/**
 * Properties are tried on the same cases in every run, so that whether a change passes depends on the change alone.
 * `PROPERTY_SEED=random npm test` looks further; a case found there becomes a test of its own.
 */
const { PROPERTY_SEED: asked = '20251125' } = process.env;
if (asked !== 'random') fc.configureGlobal({ seed: Number(asked) });
