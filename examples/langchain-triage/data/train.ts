import type { Ticket } from '../labels.ts';

export const train: readonly Ticket[] = [
  {
    id: 'train-01',
    input: {
      ticket:
        'Hello, I bought the yearly plan with my own card two weeks before our faculty announced its own licence. I am still writing my thesis and money is tight. Could I get a refund for the remaining months? It is rather urgent because rent is due on Friday.',
    },
    expected: { customer: 'education', issue: 'payment', queue: 'grants', priority: 'low' },
  },
  {
    id: 'train-02',
    input: {
      ticket:
        'Our procurement department needs the receipt for March issued to the holding and not to the subsidiary. The amount is right, only the address on it is wrong. Can you send us a corrected copy?',
    },
    expected: { customer: 'enterprise', issue: 'payment', queue: 'billing', priority: 'normal' },
  },
  {
    id: 'train-03',
    input: {
      ticket:
        'All vanished cards belonged to a person who left our firm last week. We removed her account and within minutes the cards had vanished from every board. Can they be brought back?',
    },
    expected: { customer: 'standard', issue: 'data', queue: 'recovery', priority: 'high' },
  },
  {
    id: 'train-04',
    input: {
      ticket:
        'We are comparing you with a competitor that offers Gantt charts in the basic plan. Can you do that as well, or is something planned? No hurry, the decision is next quarter.',
    },
    expected: { customer: 'standard', issue: 'question', queue: 'retention', priority: 'high' },
  },
  {
    id: 'train-05',
    input: {
      ticket:
        'Is there a way to copy a whole board including its checklists? I would like every group in my classroom to start from the same one. I looked through the menu twice and could not find it.',
    },
    expected: { customer: 'education', issue: 'question', queue: 'support', priority: 'normal' },
  },
  {
    id: 'train-06',
    input: {
      ticket:
        'After the migration on Sunday we count two hundred duplicated cards on the compliance board. It does not look like a crash, everything runs smoothly otherwise. Our success manager knows the background.',
    },
    expected: { customer: 'enterprise', issue: 'data', queue: 'recovery', priority: 'high' },
  },
  {
    id: 'train-07',
    input: {
      ticket:
        'I received a reminder for an invoice from 140 days ago. I am fairly sure that I paid it by bank transfer in the same week. Please check on your side and tell me what you need from me.',
    },
    expected: { customer: 'standard', issue: 'payment', queue: 'collections', priority: 'normal' },
  },
  {
    id: 'train-08',
    input: {
      ticket:
        'I forgot my password and the link in the mail is always expired by the time I click on it. My inbox is slow, it takes about an hour. Can you reset it by hand, asap if possible?',
    },
    expected: { customer: 'standard', issue: 'access', queue: 'identity', priority: 'normal' },
  },
  {
    id: 'train-09',
    input: {
      ticket:
        'Bonjour, last autumn you granted our lab group a rebate and this time it is not on the bill. We need it again for the new semester. I attach the letter of the dean.',
    },
    expected: { customer: 'education', issue: 'payment', queue: 'grants', priority: 'low' },
  },
  {
    id: 'train-10',
    input: {
      ticket:
        'A customer of mine signed up with my referral code in April, but the commission was not paid. The dashboard says pending. I would like to know when the payment is going to arrive.',
    },
    expected: { customer: 'partner', issue: 'payment', queue: 'partners', priority: 'normal' },
  },
  {
    id: 'train-11',
    input: {
      ticket:
        'The new whiteboard from the beta crashes as soon as I draw an arrow. It eats my work every time, I am really upset and want this fixed immediately.',
    },
    expected: { customer: 'standard', issue: 'defect', queue: 'labs', priority: 'low' },
  },
  {
    id: 'train-12',
    input: {
      ticket:
        'Thirty of my students cannot sign in with their school accounts today, the page says that the account is not known. The lesson starts in twenty minutes, please help right now!',
    },
    expected: { customer: 'education', issue: 'access', queue: 'identity', priority: 'normal' },
  },
  {
    id: 'train-13',
    input: {
      ticket:
        'Hi, small thing maybe, no rush from my side personally: the portfolio screen only shows a spinner for everybody in our group. Our success manager asked me to write it down here so that there is a record.',
    },
    expected: { customer: 'enterprise', issue: 'outage', queue: 'incidents', priority: 'urgent' },
  },
  {
    id: 'train-14',
    input: {
      ticket:
        'Good evening. When I opened the wedding planning board today there were missing cards in the column for the caterer. I did not touch anything. It may be a bug in the app, since my husband sees the same.',
    },
    expected: { customer: 'standard', issue: 'data', queue: 'recovery', priority: 'high' },
  },
  {
    id: 'train-15',
    input: {
      ticket:
        'Your prices went up again and I honestly do not see what we get for it. I am thinking of cancelling at the end of the month. What would you charge us if we went down to four seats?',
    },
    expected: { customer: 'standard', issue: 'payment', queue: 'retention', priority: 'high' },
  },
  {
    id: 'train-16',
    input: {
      ticket:
        'We teach a design course with about forty students and use one workspace for all of them. A colleague told me there is a discount for that. Please apply it before the next charge goes through, the price on the last receipt was a shock.',
    },
    expected: { customer: 'education', issue: 'payment', queue: 'grants', priority: 'low' },
  },
  {
    id: 'train-17',
    input: {
      ticket:
        'One of our directors cannot log in after changing her phone, the password is accepted but she is locked out afterwards. Under the framework agreement you have our list of named contacts. She flies tonight, so ASAP please.',
    },
    expected: { customer: 'enterprise', issue: 'access', queue: 'identity', priority: 'normal' },
  },
  {
    id: 'train-18',
    input: {
      ticket:
        'Opening the board on my tablet gives me a timeout three times out of four. On the laptop it works most of the time. I have switched off the ad blocker already.',
    },
    expected: { customer: 'standard', issue: 'outage', queue: 'incidents', priority: 'normal' },
  },
  {
    id: 'train-19',
    input: {
      ticket:
        'URGENT!!! You charged my card twice this month, 24 euros each time. I want the second charge back today. I have been a loyal user for years and this is how you treat me.',
    },
    expected: { customer: 'standard', issue: 'payment', queue: 'billing', priority: 'normal' },
  },
  {
    id: 'train-20',
    input: {
      ticket:
        'The calendar view shows every deadline one day early since the clocks changed. Half of my campus team came to a review on the wrong day!! Please fix this immediately, it is embarrassing.',
    },
    expected: { customer: 'education', issue: 'defect', queue: 'support', priority: 'normal' },
  },
  {
    id: 'train-21',
    input: {
      ticket:
        'I look after eleven companies and set up a client workspace for each of them. How can I see all of them in one list? At the moment I keep a spreadsheet, which feels silly.',
    },
    expected: { customer: 'partner', issue: 'question', queue: 'partners', priority: 'normal' },
  },
  {
    id: 'train-22',
    input: {
      ticket:
        'Regarding the open invoice for the second quarter: it is now 5 months past due because our procurement portal rejected it twice. Please resend it with the order number in the subject line so that it can be paid.',
    },
    expected: { customer: 'enterprise', issue: 'payment', queue: 'collections', priority: 'normal' },
  },
  {
    id: 'train-23',
    input: {
      ticket:
        'Printing a board cuts off the last column. I tried three browsers and two printers with the same wrong result. It used to work in spring.',
    },
    expected: { customer: 'standard', issue: 'defect', queue: 'support', priority: 'normal' },
  },
  {
    id: 'train-24',
    input: {
      ticket:
        'Since about nine this morning all boards in the Dublin office end in a blank page. Nobody can work with the roadmap. I remind you politely of our SLA and expect a first report within the hour.',
    },
    expected: { customer: 'enterprise', issue: 'outage', queue: 'incidents', priority: 'urgent' },
  },
  {
    id: 'train-25',
    input: {
      ticket:
        'We are a reseller in the Nordics. The order form shows an error as soon as we choose Norwegian crowns, and the total is wrong as well. We have two deals waiting on it, this is critical for us.',
    },
    expected: { customer: 'partner', issue: 'defect', queue: 'partners', priority: 'normal' },
  },
  {
    id: 'train-26',
    input: {
      ticket:
        'I switched on the labs feature for voice notes yesterday. Where are the recordings stored, and can my colleagues listen to them too? I could not find anything about it in the help pages.',
    },
    expected: { customer: 'standard', issue: 'question', queue: 'labs', priority: 'low' },
  },
];
