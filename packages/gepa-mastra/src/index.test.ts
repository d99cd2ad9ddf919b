import * as core from 'gepa-core';
import * as node from 'gepa-core/node';
import * as report from 'gepa-core/report';
import { exportSuite } from 'gepa-test-server/suites';
import * as own from './index.ts';

exportSuite('gepa-mastra', own, { core, report, node });
