import { bundleSize, sizeLimits } from './bundle-size.ts';

/** Checks the output of `npm run build` against the limits of `bundle-size.ts`, as `bundle-size.test.ts` checks the sources. */
let isFine = true;
for (const { code, limit } of sizeLimits) {
  const { initial, later } = await bundleSize(code, 'dist');
  const isSmall = initial < limit;
  isFine &&= isSmall;
  const more = later === 0 ? '' : `, and ${later.toFixed(1)} kB loaded when needed`;
  console.log(`${isSmall ? 'fits' : 'TOO LARGE'}  ${code}: ${initial.toFixed(1)} of ${limit} kB${more}`);
}
process.exit(isFine ? 0 : 1);
