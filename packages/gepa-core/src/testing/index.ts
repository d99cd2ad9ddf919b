export { adapterContract, type ContractSubject } from './adapter-contract.ts';
export { ScriptError, type ScriptedAnswer, type ScriptedModel, scriptedModel } from './scripted-model.ts';
export {
  proposeTokens,
  runTokenTask,
  type TokenExample,
  type TokenFindings,
  type TokenOutput,
  type TokenTrace,
  tokenMetric,
  tokenRecords,
} from './token-task.ts';
