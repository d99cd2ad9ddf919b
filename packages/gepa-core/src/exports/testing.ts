export { adapterContract, type ContractSubject } from '../testing/adapter-contract.ts';
export {
  ScriptError,
  type ScriptedAnswer,
  type ScriptedModel,
  scriptedModel,
} from '../testing/scripted-model.ts';
export {
  proposeTokens,
  runTokenTask,
  type TokenExample,
  type TokenFindings,
  type TokenOutput,
  type TokenTrace,
  tokenMetric,
  tokenRecords,
} from '../testing/token-task.ts';
