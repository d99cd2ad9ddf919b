/** The house rules in different wordings, for the tests of the simulated model. */

export const bullets = `- semester, thesis, classroom, campus, students: customer education
- SLA, framework agreement, success manager, procurement: customer enterprise
- reseller, referral code, client workspace: customer partner
- cards missing, vanished or duplicated: issue data (even if they say "bug")
- blank page, spinner, timeout: issue outage, not defect
- invoice older than 90 days: queue collections
- education asking for refund, discount or rebate: queue grants, priority low
- enterprise with an outage: queue incidents, priority urgent
- partner: queue partners, always
- data issues: queue recovery, priority high
- beta or labs feature: queue labs, priority low
- cancelling or competitor: queue retention, priority high
- anything else: priority normal, no matter how loud they shout`;

export const prose = `First find out who is writing. Someone who talks about a semester, a thesis, a classroom, a campus or their students is an education customer. If they bring up an SLA, a framework agreement, their success manager or procurement, we are dealing with an enterprise customer. Resellers, people with a referral code and people who work in a client workspace are partner customers.

Next, what is wrong. When cards are missing, have vanished or have been duplicated, the issue is data, even though many customers describe it as a bug. We regard a blank page, a spinner or a timeout as an outage rather than a defect.

Now to the routing. An invoice that is over 90 days old belongs in the collections queue. Education customers who want a refund, a discount or a rebate are handled in grants, and that can wait, so give it low priority. An outage at an enterprise customer is urgent and has to go to incidents. Everything from a partner ends up in the partners queue, no matter what it is about. Data issues are dealt with by recovery at high priority. Whoever writes about the beta or a labs feature is sent to labs with a low priority. If somebody is cancelling or names a competitor, the ticket goes to retention and its priority is high. All other tickets have normal priority, however urgent they sound.`;

export const polite = `Please choose customer education whenever the writer refers to a semester, a thesis, a classroom, a campus or students.
Kindly pick enterprise as the customer if an SLA, a framework agreement, a success manager or procurement comes up.
Please take partner for the customer in case a reseller, a referral code or a client workspace is mentioned.
Please make data the issue where cards are missing, vanished or duplicated, even when it is described as a bug.
Please use outage and not defect as the issue for a blank page, a spinner or a timeout.
Please put into collections whatever concerns an invoice that has been around for more than 90 days.
Please use the grants queue and a low priority when the customer is education and would like a refund, a discount or a rebate.
Please use the incidents queue and the urgent priority when an enterprise customer has an outage.
Please give the partners queue everything that comes from a partner, whichever issue it is.
Please select queue recovery and priority high as soon as the issue is data.
Please select queue labs and priority low for questions and complaints about the beta or a labs feature.
Please select queue retention and priority high if they are cancelling or bring a competitor into play.
Please leave the priority at normal in every other case, even if the writer calls it urgent.`;

export const grouped = `**Customer**
- education — the ticket mentions a semester, thesis, classroom, campus or students
- enterprise — the ticket mentions an SLA, framework agreement, success manager or procurement
- partner — the ticket mentions a reseller, referral code or client workspace

**Issue**
- data — cards are missing, vanished or duplicated (even when reported as a bug)
- outage — blank page, spinner or timeout (not a defect)

**Queue**
- collections — an invoice more than 90 days old
- grants — education customer asks for a refund, discount or rebate
- incidents — enterprise customer reports an outage
- partners — any ticket from a partner customer
- recovery — any data issue
- labs — beta or labs feature
- retention — cancelling or competitor

**Priority**
- low — education customer asks for a refund, discount or rebate; beta or labs feature
- high — data issue; cancelling or competitor
- urgent — outage at an enterprise customer
- normal — everything else, regardless of tone`;

export const table = `| condition | value |
|---|---|
| semester / thesis / classroom / campus / students | customer → education |
| SLA / framework agreement / success manager / procurement | customer → enterprise |
| reseller / referral code / client workspace | customer → partner |
| missing, vanished or duplicated cards (also if called a bug) | issue → data |
| blank page / spinner / timeout (never a defect) | issue → outage |
| invoice > 90 days old | queue → collections |
| customer education + refund / discount / rebate | queue → grants, priority → low |
| customer enterprise + issue outage | queue → incidents, priority → urgent |
| customer partner + any issue | queue → partners |
| issue data | queue → recovery, priority → high |
| beta / labs feature | queue → labs, priority → low |
| cancelling / competitor | queue → retention, priority → high |
| all the rest | priority → normal |`;

export const memo = `How we handle tickets:
1. We count a customer among education once a semester, thesis, classroom, campus or students appear in the message.
2. Talk of an SLA, framework agreement, success manager or procurement makes the customer enterprise.
3. A reseller, someone with a referral code or somebody working in a client workspace: that customer is a partner.
4. Missing cards, vanished cards and duplicated cards are an issue of data, though people like to call them bugs.
5. Blank page, spinner, timeout? The issue is an outage. It is no defect.
6. Invoices that have been lying around for over 90 days end up with the collections queue.
7. Refund, discount or rebate wanted, and the customer is education? Then it is for the grants queue, and the priority is low.
8. Should an enterprise customer suffer an outage, the incidents queue takes over with urgent priority.
9. The partners queue takes care of partner customers, regardless of the issue.
10. The recovery queue looks after any issue of data, with high priority.
11. Mentions of the beta or of a labs feature are something for the labs queue; the priority is low there.
12. Hearing of cancelling or of a competitor, hand the ticket over to the retention queue and raise the priority to high.
13. Unless one of the above says otherwise, the priority stays normal.`;

export const letter = `Dear colleague, here is how tickets are sorted with us. You recognise an education customer by words like semester, thesis, classroom, campus or students; an enterprise customer by SLA, framework agreement, success manager or procurement; and a partner customer by reseller, referral code or client workspace. Note that missing, vanished or duplicated cards are always issue data, whatever the customer calls it. Note also that the issue is outage for a blank page, a spinner or a timeout.

As to the queues: if an invoice is older than 90 days, collections is the right queue. Requests by education customers for a refund, discount or rebate should be routed to the grants queue and have low priority. Outages of enterprise customers should be routed to the incidents queue and have urgent priority. Whenever the customer is a partner, it should be routed to the partners queue. Issues with data should be routed to the recovery queue and have high priority. Anything on the beta or on a labs feature should be routed to the labs queue and have low priority. The retention queue should get customers who think of cancelling or look at a competitor, with high priority. In general the priority is normal, even for the impatient.`;

export const guide = `### Step 1: Determine the customer
- **education**: the ticket references a semester, a thesis, a classroom, a campus, or students.
- **enterprise**: the ticket references an SLA, a framework agreement, a success manager, or procurement.
- **partner**: the ticket references a reseller, a referral code, or a client workspace.

### Step 2: Determine the issue
- **data**: cards are missing, vanished, or duplicated. Do this even if the ticket calls it a bug.
- **outage**: there is a blank page, a spinner, or a timeout. Do not use defect here.

### Step 3: Determine the queue and the priority
- If an invoice is more than 90 days old, use queue **collections**.
- If the customer is **education** and asks for a refund, a discount, or a rebate, use queue **grants** and priority **low**.
- If the customer is **enterprise** and the issue is **outage**, use queue **incidents** and priority **urgent**.
- If the customer is **partner**, always use queue **partners**.
- If the issue is **data**, use queue **recovery** and priority **high**.
- If the ticket mentions the beta or a labs feature, use queue **labs** and priority **low**.
- If the ticket mentions cancelling or a competitor, use queue **retention** and priority **high**.
- In all other cases, use priority **normal**, even when the tone is urgent.`;

export const pseudocode = `if ticket mentions semester, thesis, classroom, campus or students: customer = education
if ticket mentions SLA, framework agreement, success manager or procurement: customer = enterprise
if ticket mentions reseller, referral code or client workspace: customer = partner
if cards missing or cards vanished or cards duplicated: issue = data
if blank page or spinner or timeout: issue = outage
if invoice older than 90 days: queue = collections
if customer = education and (refund or discount or rebate): queue = grants; priority = low
if customer = enterprise and issue = outage: queue = incidents; priority = urgent
if customer = partner: queue = partners
if issue = data: queue = recovery; priority = high
if beta or labs feature: queue = labs; priority = low
if cancelling or competitor: queue = retention; priority = high
else: priority = normal`;

export const chat = `So, a quick word on who is who: semester, thesis, classroom, campus, students, that all smells of education customers. People with an SLA, a framework agreement, a success manager or a procurement department are enterprise customers. And with a reseller, a referral code or a client workspace you have a partner customer in front of you.

If somebody's cards are missing, vanished or duplicated, it's a data issue, never mind the word bug. A blank page, a spinner or a timeout means an outage issue.

Old invoices, I mean over 90 days, we leave to collections. When education customers ask about a refund, a discount or a rebate, grants looks into it and the priority can be low. When an enterprise customer has an outage, it's incidents, and urgent priority please! All partner customers go to partners. All data issues go to recovery with high priority. Beta and labs feature stuff goes to labs, priority low. Customers who are cancelling or flirting with a competitor go to retention, priority high. Normal priority for all the rest.`;

export const passive = `Tickets in which a semester, a thesis, a classroom, a campus or students occur have to be attributed to education as the customer.
Tickets in which an SLA, a framework agreement, a success manager or procurement occur have to be attributed to enterprise as the customer.
Tickets in which a reseller, a referral code or a client workspace occur have to be attributed to partner as the customer.
Where cards have been duplicated, have vanished or are missing, data has to be noted as the issue.
Where a blank page, a spinner or a timeout has been seen, outage has to be noted as the issue, and defect must not be.
Collections is the queue that invoices older than 90 days have to be passed to.
Grants is the queue and low the priority if an education customer hopes for a refund, a discount or a rebate.
Incidents is the queue and urgent the priority if an enterprise customer suffers from an outage.
Partners is the queue if the ticket was sent by a partner customer.
Recovery is the queue and high the priority if there is a data issue.
Labs is the queue and low the priority if the beta or a labs feature is involved.
Retention is the queue and high the priority if cancelling is considered or a competitor is preferred.
Normal is the priority otherwise.`;

export const terse = `education <- semester|thesis|classroom|campus|students (customer)
enterprise <- SLA|framework agreement|success manager|procurement (customer)
partner <- reseller|referral code|client workspace (customer)
data <- missing cards|vanished cards|duplicated cards (issue)
outage <- blank page|spinner|timeout (issue)
collections <- invoice older than 90 days (queue)
grants, low <- customer education, wants refund|discount|rebate
incidents, urgent <- customer enterprise, issue outage
partners <- customer partner
recovery, high <- issue data
labs, low <- beta|labs feature
retention, high <- cancelling|competitor
normal <- everything else (priority)`;

export const manual = `1.1 Customers
A ticket is from an education customer when it contains one of these: semester, thesis, classroom, campus, students.
A ticket is from an enterprise customer when it contains one of these: SLA, framework agreement, success manager, procurement.
A ticket is from a partner customer when it contains one of these: reseller, referral code, client workspace.
1.2 Issues
The issue has to be data when the ticket is about missing cards, vanished cards or duplicated cards. It does not matter that the customer calls it a bug.
The issue has to be outage, never defect, when there is a blank page, a spinner or a timeout.
1.3 Queues and priorities
The queue has to be collections when an invoice was issued more than 90 days ago.
The queue has to be grants and the priority has to be low when an education customer asks for a refund, for a discount or for a rebate.
The queue has to be incidents and the priority has to be urgent when an enterprise customer has an outage.
The queue has to be partners when the customer is a partner.
The queue has to be recovery and the priority has to be high when the issue is data.
The queue has to be labs and the priority has to be low when the beta or a labs feature is mentioned.
The queue has to be retention and the priority has to be high when cancelling or a competitor is mentioned.
The priority has to be normal when nothing else is said above.`;

export const story = `Our team has grown used to a few habits. Somebody who mentions a semester or a thesis, a classroom, a campus or students belongs to our education customers. Mentions of an SLA, a framework agreement, a success manager or procurement tell us that it is an enterprise customer. A reseller, a referral code, a client workspace: such a ticket comes from a partner customer.

We never call it a defect when the page stays blank, i.e. for a blank page, a spinner or a timeout the issue is outage. Missing, vanished or duplicated cards are a data issue to us.

Our accountants asked that invoices of more than 90 days land in the collections queue. If it is an education customer and they would like a refund, a discount or a rebate, we give the ticket low priority and the grants queue. If an enterprise customer has an outage, we give the ticket urgent priority and the incidents queue. Whatever a partner customer sends us, we give it to the partners queue. If there is a data issue, we give it high priority and the recovery queue. If the beta or a labs feature plays a role, we give it low priority and the labs queue. If we hear of cancelling or a competitor, we give it high priority and the retention queue. Otherwise it gets normal priority.`;

export const briefing = `Customers first. Look for semester, thesis, classroom, campus or students: if one of them turns up, the customer is education. If an SLA, a framework agreement, a success manager or procurement turns up, the customer is enterprise. If a reseller, a referral code or a client workspace turns up, the customer is partner.
Then issues. Cards that are missing, vanished or duplicated make it a data issue, whether or not somebody says bug. A blank page, a spinner or a timeout makes it an outage issue.
Then where it goes. We want invoices that are over 90 days old in the collections queue. We want education customers with a refund, a discount or a rebate on their mind in the grants queue with low priority. We want enterprise customers with an outage in the incidents queue with urgent priority. We want partner customers in the partners queue. We want data issues in the recovery queue with high priority. We want the beta and any labs feature in the labs queue with low priority. We want people who are cancelling or mention a competitor in the retention queue with high priority. For all others we want normal priority.`;

export const tree = `Customer:
  * mentions semester, thesis, classroom, campus or students => education
  * mentions SLA, framework agreement, success manager or procurement => enterprise
  * mentions reseller, referral code or client workspace => partner
Issue:
  * missing cards, vanished cards or duplicated cards => data
  * blank page, spinner or timeout => outage
Queue:
  * invoice more than 90 days old => collections
  * education customer and refund, discount or rebate => grants
  * enterprise customer and outage => incidents
  * partner customer => partners
  * data issue => recovery
  * beta or labs feature => labs
  * cancelling or competitor => retention
Priority:
  * education customer and refund, discount or rebate => low
  * beta or labs feature => low
  * data issue => high
  * cancelling or competitor => high
  * enterprise customer and outage => urgent
  * otherwise => normal`;

export const slips = `Semester, thesis, classroom, campus, students? Education customer!
SLA, framework agreement, success manager, procurement? Enterprise customer!
Reseller, referral code, client workspace? Partner customer!
Missing cards, vanished cards, duplicated cards? Data issue, bug or no bug!
Blank page, spinner, timeout? Outage issue!
Invoice older than 90 days? Collections queue!
Education customer with refund, discount or rebate? Grants queue, low priority!
Enterprise customer with outage issue? Incidents queue, urgent priority!
Partner customer? Partners queue!
Data issue? Recovery queue, high priority!
Beta or labs feature? Labs queue, low priority!
Cancelling or competitor? Retention queue, high priority!
Anything else? Normal priority!`;
