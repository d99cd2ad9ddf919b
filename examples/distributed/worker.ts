import { serveRollouts } from 'gepa-core/bullmq';
import { openProgram, queue } from './program.ts';

const { models, target, metric } = await openProgram();
const server = await serveRollouts(target, { ...queue, metric, concurrency: 4 });
console.log(`The worker ${server.name} makes rollouts.`);

process.once('SIGTERM', () => void server.close());
// The parent of this example is gone.
process.once('disconnect', () => void server.close());
await server.closed;
await models.close();
process.exit();
