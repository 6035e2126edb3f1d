import { batchProviderContract } from '../../contracts/batch-provider.contract.ts';
import { planFor, playGemini } from './played-gemini.ts';

batchProviderContract('Gemini', ({ answer, trouble = {} }) =>
  playGemini(planFor(trouble), trouble.isStranger ? { apiKey: 'AIza-of-a-stranger' } : {}, answer),
);
