import { installEmulator } from './install.ts';

/**
 * Vitest's global set-up of the emulated tests: installs once, and says once why they are skipped where it
 * cannot.
 */
export async function setup(): Promise<void> {
  const installation = await installEmulator();
  if (installation.kind === 'missing') console.log(`emulated tests are skipped: ${installation.why}`);
}
