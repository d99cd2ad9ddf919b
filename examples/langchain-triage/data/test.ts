import type { Ticket } from '../labels.ts';

export const test: readonly Ticket[] = [
  {
    id: 'test-01',
    input: {
      ticket:
        'Good morning, we run a reading project and pay for twelve seats from donations. Most helpers are students. Is there a discount for us, and does it work backwards for the last charge?',
    },
    expected: { customer: 'education', issue: 'payment', queue: 'grants', priority: 'low' },
  },
  {
    id: 'test-02',
    input: {
      ticket:
        'Hello, the exam planning board shows us a timeout since lunch. The whole campus is affected, as far as I can tell. We can wait until tomorrow if need be.',
    },
    expected: { customer: 'education', issue: 'outage', queue: 'incidents', priority: 'normal' },
  },
  {
    id: 'test-03',
    input: {
      ticket:
        "We see a spinner and nothing else after yesterday's maintenance. Reloading does not help. Per clause 4 of the SLA, please confirm that you have received this.",
    },
    expected: { customer: 'enterprise', issue: 'outage', queue: 'incidents', priority: 'urgent' },
  },
  {
    id: 'test-04',
    input: {
      ticket:
        'As a reseller I can set my logo on the sign-up page, or so the manual says. In fact uploading it gives an error. PNG, SVG, I tried them all.',
    },
    expected: { customer: 'partner', issue: 'defect', queue: 'partners', priority: 'normal' },
  },
  {
    id: 'test-05',
    input: {
      ticket:
        'THE SEARCH GIVES A TIMEOUT. EVERY. SINGLE. TIME. I have deadlines today and cannot find a thing. Do something immediately!',
    },
    expected: { customer: 'standard', issue: 'outage', queue: 'incidents', priority: 'normal' },
  },
  {
    id: 'test-06',
    input: {
      ticket:
        'I tried cancelling on the website and ended up on a page that offered me the yearly plan. I do not want a yearly plan. Stop charging my card, please.',
    },
    expected: { customer: 'standard', issue: 'payment', queue: 'retention', priority: 'high' },
  },
  {
    id: 'test-07',
    input: {
      ticket:
        'I am asking for a refund. The course for which I bought the plan was dropped after one week, and with it the semester project. I have used the tool for two days in total.',
    },
    expected: { customer: 'education', issue: 'payment', queue: 'grants', priority: 'low' },
  },
  {
    id: 'test-08',
    input: {
      ticket:
        'Two of my students chose the same user name somehow and now neither can log in. They share a password as well, I know. Please sort it out for us, it is urgent.',
    },
    expected: { customer: 'education', issue: 'access', queue: 'identity', priority: 'normal' },
  },
  {
    id: 'test-09',
    input: {
      ticket:
        'Procurement has moved us to a new cost centre, which must be on every receipt from June on. The card stays the same. Please confirm the change in writing as soon as possible.',
    },
    expected: { customer: 'enterprise', issue: 'payment', queue: 'billing', priority: 'normal' },
  },
  {
    id: 'test-10',
    input: {
      ticket:
        'In one client workspace the calendar has been a blank page since Monday. The client has asked twice already and I begin to look foolish. All the others are fine.',
    },
    expected: { customer: 'partner', issue: 'outage', queue: 'partners', priority: 'normal' },
  },
  {
    id: 'test-11',
    input: {
      ticket:
        'I do not understand your letter. The invoice in question is 200 days old and I left the company before that. Please take my name off it.',
    },
    expected: { customer: 'standard', issue: 'payment', queue: 'collections', priority: 'normal' },
  },
  {
    id: 'test-12',
    input: {
      ticket:
        'The mobile app crashes whenever I open the camera. After four reports I am cancelling my plan unless somebody gives me a date. Whenever you get round to it.',
    },
    expected: { customer: 'standard', issue: 'defect', queue: 'retention', priority: 'high' },
  },
  {
    id: 'test-13',
    input: {
      ticket:
        'Hola, our school got a rebate last year and the new bill does not show it. The classroom account is the same, only the contact has changed. Please correct the bill right now, the ministry audits us on Monday.',
    },
    expected: { customer: 'education', issue: 'payment', queue: 'grants', priority: 'low' },
  },
  {
    id: 'test-14',
    input: {
      ticket:
        'You sent the campus treasury a warning about an invoice that is 18 weeks old. We have asked three times for a copy with our tax number on it. Without that we are not allowed to pay.',
    },
    expected: { customer: 'education', issue: 'payment', queue: 'collections', priority: 'normal' },
  },
  {
    id: 'test-15',
    input: {
      ticket:
        'Our success manager promised that the old administrators would be removed, yet two of them can still log in. I would call that critical. Please lock both accounts and tell me when it is done.',
    },
    expected: { customer: 'enterprise', issue: 'access', queue: 'identity', priority: 'normal' },
  },
  {
    id: 'test-16',
    input: {
      ticket:
        'My colleague has left and I have to log in to the reseller area in his place. His mail address is gone, so the usual password reset is of no use. Please advise.',
    },
    expected: { customer: 'partner', issue: 'access', queue: 'partners', priority: 'normal' },
  },
  {
    id: 'test-17',
    input: {
      ticket:
        'A reminder fee for an invoice that we never got seems harsh, even if it is 4 months late by now. We changed offices in winter and the post was lost. Send it by mail and we pay at once.',
    },
    expected: { customer: 'standard', issue: 'payment', queue: 'collections', priority: 'normal' },
  },
  {
    id: 'test-18',
    input: {
      ticket:
        'Why is the price on my bill in dollars? I live in Portugal and signed up in euros. My bank takes a fee for each payment, which adds up. Please change it as soon as you can, it is urgent to me.',
    },
    expected: { customer: 'standard', issue: 'payment', queue: 'billing', priority: 'normal' },
  },
  {
    id: 'test-19',
    input: {
      ticket:
        'My thesis takes half a year longer than planned, and my savings do not. Would you give me a discount on the monthly price? I can send a letter from my professor.',
    },
    expected: { customer: 'education', issue: 'payment', queue: 'grants', priority: 'low' },
  },
  {
    id: 'test-20',
    input: {
      ticket:
        'The status page says that everything is green, but our planners in Lyon look at a spinner all day. According to the SLA the clock started at 8:14. I have screenshots.',
    },
    expected: { customer: 'enterprise', issue: 'outage', queue: 'incidents', priority: 'urgent' },
  },
  {
    id: 'test-21',
    input: {
      ticket:
        'Which of the optional modules are part of our framework agreement? I found three lists that say three different things. A clear answer would help us plan the training.',
    },
    expected: { customer: 'enterprise', issue: 'question', queue: 'support', priority: 'normal' },
  },
  {
    id: 'test-22',
    input: {
      ticket:
        'Three weeks of notes are gone: all the cards from before the 4th have vanished. I had them open in a second window, and there they vanished too. I am close to tears.',
    },
    expected: { customer: 'standard', issue: 'data', queue: 'recovery', priority: 'high' },
  },
  {
    id: 'test-23',
    input: {
      ticket:
        'The beta of the desktop app shows an error about a certificate when it starts. The web version is fine. Urgent, since I sold the idea to my whole team.',
    },
    expected: { customer: 'standard', issue: 'defect', queue: 'labs', priority: 'low' },
  },
  {
    id: 'test-24',
    input: {
      ticket:
        'I am locked out after typing the wrong password too often. It says to wait an hour, and an hour later it says the same. I need my lists for the market tomorrow, ASAP!',
    },
    expected: { customer: 'standard', issue: 'access', queue: 'identity', priority: 'normal' },
  },
  {
    id: 'test-25',
    input: {
      ticket:
        'There must have been a misunderstanding: the campus shop sold me a plan which I cannot use, and told me that you would handle the refund. I have the receipt here. It is for 48 euros.',
    },
    expected: { customer: 'education', issue: 'payment', queue: 'grants', priority: 'low' },
  },
  {
    id: 'test-26',
    input: {
      ticket:
        'Hi team, whenever you find the time: the reports of the whole division have been a blank page since Tuesday. I mention it because procurement wants to see them before the renewal.',
    },
    expected: { customer: 'enterprise', issue: 'outage', queue: 'incidents', priority: 'urgent' },
  },
  {
    id: 'test-27',
    input: {
      ticket:
        'Since last night a whole column of cards is missing on our launch board, and nobody moved them according to the history. Please have somebody look at it under the SLA. The board itself is fast and looks fine.',
    },
    expected: { customer: 'enterprise', issue: 'data', queue: 'recovery', priority: 'high' },
  },
  {
    id: 'test-28',
    input: {
      ticket:
        'Importing a file made a few hundred duplicated cards, and removing them one by one is not an option. Is there an undo? Not urgent, though my colleagues have begun to complain.',
    },
    expected: { customer: 'standard', issue: 'data', queue: 'recovery', priority: 'high' },
  },
  {
    id: 'test-29',
    input: {
      ticket:
        'Does the labs feature that sorts my inbox read all of my mail? I find the description rather vague. I would like to know before I allow it.',
    },
    expected: { customer: 'standard', issue: 'question', queue: 'labs', priority: 'low' },
  },
  {
    id: 'test-30',
    input: {
      ticket:
        'Where can I change the first day of the week to Sunday? I found the language and the time zone, yet not this one. Many thanks from Tel Aviv.',
    },
    expected: { customer: 'standard', issue: 'question', queue: 'support', priority: 'normal' },
  },
  {
    id: 'test-31',
    input: {
      ticket:
        'How do I stop people from renaming the lists? I have a board for a classroom of eleven-year-olds and they are very creative. I love the product apart from that.',
    },
    expected: { customer: 'education', issue: 'question', queue: 'support', priority: 'normal' },
  },
  {
    id: 'test-32',
    input: {
      ticket:
        'Our integration gets a timeout for every second request. The success manager said it was on our side; our network people say it is not. Attached is a trace.',
    },
    expected: { customer: 'enterprise', issue: 'outage', queue: 'incidents', priority: 'urgent' },
  },
  {
    id: 'test-33',
    input: {
      ticket:
        'We would like to move a client workspace from one account of ours to another. Is there a form for that? The customer need not notice anything.',
    },
    expected: { customer: 'partner', issue: 'question', queue: 'partners', priority: 'normal' },
  },
  {
    id: 'test-34',
    input: {
      ticket:
        'Hey, love the app! One question: I see missing cards on the board that my sister shared with me, while she sees them all. Is that a setting?',
    },
    expected: { customer: 'standard', issue: 'data', queue: 'recovery', priority: 'high' },
  },
  {
    id: 'test-35',
    input: {
      ticket:
        'Since I joined the beta, my keyboard shortcuts are broken: the letter N opens the help instead of a new card. I cannot work like that, please fix it right now.',
    },
    expected: { customer: 'standard', issue: 'defect', queue: 'labs', priority: 'low' },
  },
  {
    id: 'test-36',
    input: {
      ticket:
        'Comments show the wrong time: they are two hours ahead of my clock. The clock is right, I checked. Not a big thing but it confuses people.',
    },
    expected: { customer: 'standard', issue: 'defect', queue: 'support', priority: 'normal' },
  },
  {
    id: 'test-37',
    input: {
      ticket:
        'Sorting by date puts cards without one at the top, and last week at the bottom. For the planning of the semester this is a real nuisance. Is it a known bug?',
    },
    expected: { customer: 'education', issue: 'defect', queue: 'support', priority: 'normal' },
  },
  {
    id: 'test-38',
    input: {
      ticket:
        'Good day. Loading the quarterly plan ends with a blank page for about three hundred colleagues in two countries. The framework agreement names you as the sole supplier for it, so there is nothing we could switch to.',
    },
    expected: { customer: 'enterprise', issue: 'outage', queue: 'incidents', priority: 'urgent' },
  },
  {
    id: 'test-39',
    input: {
      ticket:
        'I am owed commission for three sign-ups with my referral code, and you paid for one. The other two are listed with the wrong country. Please pay the rest immediately.',
    },
    expected: { customer: 'partner', issue: 'payment', queue: 'partners', priority: 'normal' },
  },
  {
    id: 'test-40',
    input: {
      ticket:
        'Every evening around eight the app shows me a spinner for minutes. I suppose that is when everybody plans the next day. During the day it is fine.',
    },
    expected: { customer: 'standard', issue: 'outage', queue: 'incidents', priority: 'normal' },
  },
  {
    id: 'test-41',
    input: {
      ticket:
        'How do I take all of my boards with me if I leave? I have nothing against you, but my new team uses a competitor and I have to follow. It would be nice to keep the dates.',
    },
    expected: { customer: 'standard', issue: 'question', queue: 'retention', priority: 'high' },
  },
];
