import type { Labels } from './labels.ts';

/** A rule of the support team that a model cannot guess. */
export interface HouseRule {
  /** The rule as feedback words it. */
  readonly text: string;
  readonly sets: Partial<Labels>;
  /** Whether it applies to a ticket with the expected `labels`. */
  readonly applies: (ticket: string, labels: Labels) => boolean;
}

/** The rules that the labels follow. Without a rule, a label follows from the plain meaning of the ticket. */
export const houseRules: readonly HouseRule[] = [
  {
    text: 'Tickets that mention a semester, a thesis, a classroom, a campus or students count as customer education.',
    sets: { customer: 'education' },
    applies: (ticket) => /\b(semester|thesis|classroom|campus|students?)\b/i.test(ticket),
  },
  {
    text: 'Tickets that mention an SLA, a framework agreement, a success manager or procurement count as customer enterprise.',
    sets: { customer: 'enterprise' },
    applies: (ticket) => /\b(SLA|framework agreement|success manager|procurement)\b/i.test(ticket),
  },
  {
    text: 'Tickets that mention a reseller, a referral code or a client workspace count as customer partner.',
    sets: { customer: 'partner' },
    applies: (ticket) => /\b(reseller|referral code|client workspace)\b/i.test(ticket),
  },
  {
    text: 'Tickets about missing cards, vanished cards or duplicated cards count as issue data, even when the customer calls it a bug.',
    sets: { issue: 'data' },
    applies: (ticket) =>
      sentences(ticket).some((s) => /\bcards?\b/i.test(s) && /\b(missing|vanished|duplicated)\b/i.test(s)),
  },
  {
    text: 'A blank page, a spinner or a timeout counts as issue outage and not as a defect.',
    sets: { issue: 'outage' },
    applies: (ticket) => /\b(blank page|spinner|timeout)\b/i.test(ticket),
  },
  {
    text: 'Tickets about an invoice that is more than 90 days old go to queue collections.',
    sets: { queue: 'collections' },
    applies: (ticket) => /\binvoice\b/i.test(ticket) && longestDays(ticket) > 90,
  },
  {
    text: 'If the customer is education and the ticket mentions a refund, a discount or a rebate, the queue is grants and the priority is low.',
    sets: { queue: 'grants', priority: 'low' },
    applies: (ticket, labels) =>
      labels.customer === 'education' && /\b(refund|discount|rebate)\b/i.test(ticket),
  },
  {
    text: 'If the customer is enterprise and the issue is outage, the queue is incidents and the priority is urgent.',
    sets: { queue: 'incidents', priority: 'urgent' },
    applies: (_, labels) => labels.customer === 'enterprise' && labels.issue === 'outage',
  },
  {
    text: 'If the customer is partner, the queue is partners, whatever the issue is.',
    sets: { queue: 'partners' },
    applies: (_, labels) => labels.customer === 'partner',
  },
  {
    text: 'If the issue is data, the queue is recovery and the priority is high.',
    sets: { queue: 'recovery', priority: 'high' },
    applies: (_, labels) => labels.issue === 'data',
  },
  {
    text: 'Tickets that mention the beta or a labs feature go to queue labs with priority low.',
    sets: { queue: 'labs', priority: 'low' },
    applies: (ticket) => /\bbeta\b|\blabs feature\b/i.test(ticket),
  },
  {
    text: 'Tickets that mention cancelling or a competitor go to queue retention with priority high.',
    sets: { queue: 'retention', priority: 'high' },
    applies: (ticket) => /\bcancelling\b|\bcompetitor\b/i.test(ticket),
  },
];

/** The rule for tickets that no other rule covers. */
export const defaultRule = 'Priority is normal by default, however urgent the customer sounds.';

/** The house rules that explain the value of a label. */
export function rulesBehind(ticket: string, labels: Labels, field: keyof Labels): string[] {
  const texts = houseRules
    .filter((rule) => field in rule.sets && rule.applies(ticket, labels))
    .map((rule) => rule.text);
  return texts.length === 0 && field === 'priority' ? [defaultRule] : texts;
}

function sentences(text: string): string[] {
  return text.split(/(?<=[.!?])\s+/);
}

/** The longest time span in a text, in days. */
function longestDays(text: string): number {
  const days = { day: 1, week: 7, month: 30 };
  const spans = [...text.matchAll(/(\d+) (day|week|month)s?/gi)];
  return Math.max(
    0,
    ...spans.map(([, count, unit]) => Number(count) * days[unit!.toLowerCase() as keyof typeof days]),
  );
}
