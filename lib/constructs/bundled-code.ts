import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { type AssetCode, Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';
import { BESIDE_THE_BUNDLE, writeBundle } from '../../lambdas/bundling.ts';
import type { FunctionName } from '../../lambdas/contracts.ts';

const LAMBDAS = fileURLToPath(new URL('../../lambdas/', import.meta.url));

/**
 * The bundle of `lambdas/<name>.lambda.ts`, hashed by what comes out. esbuild runs in this process:
 * NodejsFunction would start it through npx, half a second for each function.
 */
export function bundledCode(name: FunctionName): AssetCode {
  const entry = join(LAMBDAS, `${name}.lambda.ts`);
  return Code.fromAsset(LAMBDAS, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never used: CDK wants an image in case that the local bundling declines.
      image: DockerImage.fromRegistry('none'),
      // Part of the key under which CDK remembers what it has bundled, as is the folder; `local` is not.
      command: [name],
      local: {
        tryBundle(outputDirectory) {
          if (!existsSync(entry)) throw new Error(`function ${name} has no ${entry}`);
          writeBundle(entry, outputDirectory);
          for (const { file, options } of BESIDE_THE_BUNDLE) {
            const outfile = join(outputDirectory, file);
            buildSync({ ...options, mainFields: [...options.mainFields], outfile, logLevel: 'error' });
          }
          return true;
        },
      },
    },
  });
}
