import { bundleSize, sizeLimits } from './bundle-size.ts';

/** Measures what `npm run build` made against the limits that `bundle-size.test.ts` holds the sources to. */
let isFine = true;
for (const { code, limit } of sizeLimits) {
  const { initial, later } = await bundleSize(code, 'dist');
  const isSmall = initial < limit;
  isFine &&= isSmall;
  const more = later === 0 ? '' : `, and ${later.toFixed(1)} kB loaded when needed`;
  console.log(`${isSmall ? 'fits' : 'TOO LARGE'}  ${code}: ${initial.toFixed(1)} of ${limit} kB${more}`);
}
process.exit(isFine ? 0 : 1);
