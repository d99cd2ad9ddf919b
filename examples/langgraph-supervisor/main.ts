import { join } from 'node:path';
import { describeComponents, gepa, summarize } from 'gepa-langchain';
import { test, train, validation } from '../langchain-triage/data.ts';
import { longRun } from '../shared/long-run.ts';
import { connect } from '../shared/models.ts';
import { teamMetric, toExample } from './metric.ts';
import { createTriageTeam } from './program.ts';

const models = await connect();
console.log(`Support triage by a supervisor and two agents, on ${models.label}.\n`);

// A tool calls one agent and the supervisor another: `parts` names both. The program needs no change.
const { program, issueAgent, queueAgent } = createTriageTeam(models.task);
const target = gepa(program, { parts: { issueAgent, queueAgent } });
console.log(`${describeComponents(target)}\n`);

const run = longRun('langgraph-supervisor', 'npm run start:supervisor');
const compiled = await target.compile({
  trainset: train.map(toExample),
  valset: validation.map(toExample),
  testset: test.map(toExample),
  metric: teamMetric,
  reflectionModel: models.reflection,
  maxMetricCalls: 500,
  runDir: run.runDir,
  report: run.report,
  signal: run.signal,
  progress: true,
});

console.log(`\n${summarize(compiled.result, { afterProgress: true })}`);
run.close(compiled.result, () => {
  const file = join(import.meta.dirname, 'team.gepa.json');
  compiled.save(file);
  console.log(`\nSaved to ${file}: gepa(program, { parts }).load(...) returns a program with these texts.`);
});

target.dispose();
await models.close();
