/** The labels that triage assigns to a ticket. */
export interface Labels {
  readonly customer: 'standard' | 'education' | 'enterprise' | 'partner';
  readonly issue: 'payment' | 'access' | 'defect' | 'outage' | 'data' | 'question';
  readonly queue:
    | 'billing'
    | 'collections'
    | 'grants'
    | 'identity'
    | 'incidents'
    | 'labs'
    | 'partners'
    | 'recovery'
    | 'retention'
    | 'support';
  readonly priority: 'low' | 'normal' | 'high' | 'urgent';
}

/** An example of the data set: a ticket and the labels of the support team. */
export interface Ticket {
  readonly id: string;
  readonly input: { readonly ticket: string };
  readonly expected: Labels;
}
