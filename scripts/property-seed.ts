import fc from 'fast-check';

/**
 * Property tests try the same cases in every run, so that a result depends on the change alone. `PROPERTY_SEED=random npm test`
 * tries others; write a separate test for a case that fails there.
 */
const { PROPERTY_SEED: seed = '20251125' } = process.env;
if (seed !== 'random') fc.configureGlobal({ seed: Number(seed) });
