import { moveToSmallModel } from './move.ts';

const report = await moveToSmallModel();
console.log('Agreement of the small model with the large one, both simulated:\n');
console.log(String(report));
console.log(`\n${report.compare('original', 'moved')}`);
