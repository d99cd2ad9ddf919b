import type { Labels } from './labels.ts';

/** A custom of the support team that no outsider could guess. */
export interface HouseRule {
  /** As a member of the team would say it. */
  readonly text: string;
  readonly sets: Partial<Labels>;
  /** Whether it holds for a ticket; `labels` are those the team gave it. */
  readonly holds: (ticket: string, labels: Labels) => boolean;
}

/** The rules the labels follow. Where no rule speaks, a label is the ordinary reading of the ticket. */
export const houseRules: readonly HouseRule[] = [
  {
    text: 'Tickets that mention a semester, a thesis, a classroom, a campus or students count as customer education.',
    sets: { customer: 'education' },
    holds: (ticket) => /\b(semester|thesis|classroom|campus|students?)\b/i.test(ticket),
  },
  {
    text: 'Tickets that mention an SLA, a framework agreement, a success manager or procurement count as customer enterprise.',
    sets: { customer: 'enterprise' },
    holds: (ticket) => /\b(SLA|framework agreement|success manager|procurement)\b/i.test(ticket),
  },
  {
    text: 'Tickets that mention a reseller, a referral code or a client workspace count as customer partner.',
    sets: { customer: 'partner' },
    holds: (ticket) => /\b(reseller|referral code|client workspace)\b/i.test(ticket),
  },
  {
    text: 'Tickets about missing cards, vanished cards or duplicated cards count as issue data, even when the customer calls it a bug.',
    sets: { issue: 'data' },
    holds: (ticket) =>
      sentences(ticket).some((s) => /\bcards?\b/i.test(s) && /\b(missing|vanished|duplicated)\b/i.test(s)),
  },
  {
    text: 'A blank page, a spinner or a timeout counts as issue outage and not as a defect.',
    sets: { issue: 'outage' },
    holds: (ticket) => /\b(blank page|spinner|timeout)\b/i.test(ticket),
  },
  {
    text: 'Tickets about an invoice that is more than 90 days old go to queue collections.',
    sets: { queue: 'collections' },
    holds: (ticket) => /\binvoice\b/i.test(ticket) && longestDays(ticket) > 90,
  },
  {
    text: 'If the customer is education and the ticket mentions a refund, a discount or a rebate, the queue is grants and the priority is low.',
    sets: { queue: 'grants', priority: 'low' },
    holds: (ticket, labels) =>
      labels.customer === 'education' && /\b(refund|discount|rebate)\b/i.test(ticket),
  },
  {
    text: 'If the customer is enterprise and the issue is outage, the queue is incidents and the priority is urgent.',
    sets: { queue: 'incidents', priority: 'urgent' },
    holds: (_, labels) => labels.customer === 'enterprise' && labels.issue === 'outage',
  },
  {
    text: 'If the customer is partner, the queue is partners, whatever the issue is.',
    sets: { queue: 'partners' },
    holds: (_, labels) => labels.customer === 'partner',
  },
  {
    text: 'If the issue is data, the queue is recovery and the priority is high.',
    sets: { queue: 'recovery', priority: 'high' },
    holds: (_, labels) => labels.issue === 'data',
  },
  {
    text: 'Tickets that mention the beta or a labs feature go to queue labs with priority low.',
    sets: { queue: 'labs', priority: 'low' },
    holds: (ticket) => /\bbeta\b|\blabs feature\b/i.test(ticket),
  },
  {
    text: 'Tickets that mention cancelling or a competitor go to queue retention with priority high.',
    sets: { queue: 'retention', priority: 'high' },
    holds: (ticket) => /\bcancelling\b|\bcompetitor\b/i.test(ticket),
  },
];

/** The rule for what no other rule decides. */
export const defaultRule = 'Priority is normal by default, however urgent the customer sounds.';

/** The house rules that explain why a label has its value. */
export function rulesBehind(ticket: string, labels: Labels, field: keyof Labels): string[] {
  const texts = houseRules
    .filter((rule) => field in rule.sets && rule.holds(ticket, labels))
    .map((rule) => rule.text);
  return texts.length === 0 && field === 'priority' ? [defaultRule] : texts;
}

function sentences(text: string): string[] {
  return text.split(/(?<=[.!?])\s+/);
}

/** The longest span of time a text speaks of, in days. */
function longestDays(text: string): number {
  const days = { day: 1, week: 7, month: 30 };
  const spans = [...text.matchAll(/(\d+) (day|week|month)s?/gi)];
  return Math.max(
    0,
    ...spans.map(([, count, unit]) => Number(count) * days[unit!.toLowerCase() as keyof typeof days]),
  );
}
