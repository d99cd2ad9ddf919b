import type { Ticket } from '../labels.ts';

export const validation: readonly Ticket[] = [
  {
    id: 'validation-01',
    input: {
      ticket:
        'Hi there, I made a silly mistake and paid for a year although my department already pays for me. As I only need the tool until my thesis is handed in, may I have a refund of the second half? Thank you for your patience.',
    },
    expected: { customer: 'education', issue: 'payment', queue: 'grants', priority: 'low' },
  },
  {
    id: 'validation-02',
    input: {
      ticket:
        'Our procurement asks whether you can name the location of your data centres and who audits them. A one-page statement would do. They are in no hurry.',
    },
    expected: { customer: 'enterprise', issue: 'question', queue: 'support', priority: 'normal' },
  },
  {
    id: 'validation-03',
    input: {
      ticket:
        'The app updated itself overnight, and now there is an error banner and three cards are missing from the list named Roof. Those held the only notes of the building inspection.',
    },
    expected: { customer: 'standard', issue: 'data', queue: 'recovery', priority: 'high' },
  },
  {
    id: 'validation-04',
    input: {
      ticket:
        'My card expired and the new one is refused with a message about the postcode. I have tried it five times now. I do not want to lose my boards, please help immediately.',
    },
    expected: { customer: 'standard', issue: 'payment', queue: 'billing', priority: 'normal' },
  },
  {
    id: 'validation-05',
    input: {
      ticket:
        "Could you please put the tax number of the university on the receipt? Our students' union pays from its own account and the treasurer is strict. The rest of the bill is fine.",
    },
    expected: { customer: 'education', issue: 'payment', queue: 'billing', priority: 'normal' },
  },
  {
    id: 'validation-06',
    input: {
      ticket:
        'Where do I find my referral code? I gave a talk about planning for craftspeople and many listeners asked for it. I would like to put it on the last slide.',
    },
    expected: { customer: 'partner', issue: 'question', queue: 'partners', priority: 'normal' },
  },
  {
    id: 'validation-07',
    input: {
      ticket:
        'With the labs feature for templates switched on, all my labels are shown in the wrong colour. Turning it off helps. It is critical for me, I sort everything by colour.',
    },
    expected: { customer: 'standard', issue: 'defect', queue: 'labs', priority: 'low' },
  },
  {
    id: 'validation-08',
    input: {
      ticket:
        'Dear billing team, the campus office says that every non-profit school gets a discount from you, yet we pay the full price. Who do I have to talk to? This must be settled immediately, our budget closes tomorrow.',
    },
    expected: { customer: 'education', issue: 'payment', queue: 'grants', priority: 'low' },
  },
  {
    id: 'validation-09',
    input: {
      ticket:
        'Please add two names to the people who may log in to the admin area, and remove Mr Okafor, whose account is locked anyway. The framework agreement allows us five. This is urgent as he left on bad terms.',
    },
    expected: { customer: 'enterprise', issue: 'access', queue: 'identity', priority: 'normal' },
  },
  {
    id: 'validation-10',
    input: {
      ticket:
        'Moin, since the update the start screen is a blank page on my phone. Deleted the app, installed it again, same story. It is not the end of the world, I have the laptop.',
    },
    expected: { customer: 'standard', issue: 'outage', queue: 'incidents', priority: 'normal' },
  },
  {
    id: 'validation-11',
    input: {
      ticket:
        'I changed my phone number and now I never get the code when I sign in. The old number belongs to somebody else, which worries me a bit. What proof do you need?',
    },
    expected: { customer: 'standard', issue: 'access', queue: 'identity', priority: 'normal' },
  },
  {
    id: 'validation-12',
    input: {
      ticket:
        'Every request from our Singapore office runs into a timeout since the weekend. The teams there have gone back to paper. Please treat it according to the SLA that our lawyers agreed on.',
    },
    expected: { customer: 'enterprise', issue: 'outage', queue: 'incidents', priority: 'urgent' },
  },
  {
    id: 'validation-13',
    input: {
      ticket:
        "As a reseller we pay in advance for fifty seats. On this month's receipt there are only forty-five, though the price is the same. Kindly explain the charge.",
    },
    expected: { customer: 'partner', issue: 'payment', queue: 'partners', priority: 'normal' },
  },
  {
    id: 'validation-14',
    input: {
      ticket:
        'Drag and drop has been broken for weeks, cards jump back to where they came from. I am not angry any more, only tired. If it is not better by the end of the month I am cancelling.',
    },
    expected: { customer: 'standard', issue: 'defect', queue: 'retention', priority: 'high' },
  },
  {
    id: 'validation-15',
    input: {
      ticket:
        'Can I hand over a board to the person who teaches the course next semester? I would rather not give away my account. A short pointer to the right help page is enough.',
    },
    expected: { customer: 'education', issue: 'question', queue: 'support', priority: 'normal' },
  },
  {
    id: 'validation-16',
    input: {
      ticket:
        'Our accountants found an invoice of yours that has been open for 20 weeks. It carries the number of the old framework agreement and was never matched. How do we settle it without paying twice?',
    },
    expected: { customer: 'enterprise', issue: 'payment', queue: 'collections', priority: 'normal' },
  },
  {
    id: 'validation-17',
    input: {
      ticket:
        'You threaten to lock us out over an invoice that is more than 6 months old. Our former bookkeeper seems to have ignored it. Could we pay it in two parts?',
    },
    expected: { customer: 'standard', issue: 'payment', queue: 'collections', priority: 'normal' },
  },
  {
    id: 'validation-18',
    input: {
      ticket:
        'Emojis in card titles turn into question marks as soon as I save. Funny at first, annoying by now. Urgent? Not really, but my team keeps asking.',
    },
    expected: { customer: 'standard', issue: 'defect', queue: 'support', priority: 'normal' },
  },
  {
    id: 'validation-19',
    input: {
      ticket:
        'FYI, the executive overview stays a blank page for our board members. I was told by our success manager that you want such reports here. Thank you, and have a nice weekend.',
    },
    expected: { customer: 'enterprise', issue: 'outage', queue: 'incidents', priority: 'urgent' },
  },
  {
    id: 'validation-20',
    input: {
      ticket:
        'Yesterday I archived one list and now there are duplicated cards in all the others. My checklists exist twice, the comments only once. I do not dare to clean up before someone has had a look.',
    },
    expected: { customer: 'standard', issue: 'data', queue: 'recovery', priority: 'high' },
  },
  {
    id: 'validation-21',
    input: {
      ticket:
        'A competitor offered us half your price for the same number of people. Before I sign there I wanted to ask what you can do for us. We pay by card, yearly.',
    },
    expected: { customer: 'standard', issue: 'payment', queue: 'retention', priority: 'high' },
  },
  {
    id: 'validation-22',
    input: {
      ticket:
        'We wanted to use the shared board in the classroom today and all we saw was a spinner. The projector was fine, the network too. The lesson was lost.',
    },
    expected: { customer: 'education', issue: 'outage', queue: 'incidents', priority: 'normal' },
  },
  {
    id: 'validation-23',
    input: {
      ticket:
        'I cannot log in to a client workspace that I created myself last week; my password works for all the others. The client is waiting for the first draft, so this is urgent for me.',
    },
    expected: { customer: 'partner', issue: 'access', queue: 'partners', priority: 'normal' },
  },
  {
    id: 'validation-24',
    input: {
      ticket:
        'I would like to try the beta of the timeline. Is it enough to tick the box in the settings, or do I have to be invited? I have a demo with my boss tomorrow so please be quick.',
    },
    expected: { customer: 'standard', issue: 'question', queue: 'labs', priority: 'low' },
  },
];
