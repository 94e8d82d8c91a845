"""Common words of English headlines -> how many of 10,000 headlines hold them, roughly.

Five classes, estimated by eye over some thousand headlines of public feeds of world, business,
science, space, technology, sport and celebrity news. A class too high or too low moves a word's
weight by about one unit of the 16 that a title has to share, so no more precision is pretended.
Words are written plainly and stemmed here; whatever is not listed is rare.
"""

from __future__ import annotations

from aggregator.similar.stem import stem

PER_HEADLINES = 10_000

_ONE_IN_40 = """
new us year day time no not up after 1 2 3
"""

_ONE_IN_100 = """
world week first man people report big top back make take go show home live life video watch game
state president government police court kill dead death attack war plan deal talk meet call high
market stock share price sale china india uk russia israel say tell see find get help need want
work start end open win lose rise fall hit set star best old down against before million billion
percent 4 5 6 7 8 10 next last long good bad right way part test case face lead leave return city
house woman child school health power company business bank money public national global update
review photo 2014 2015 2024 2025 2026 north south american
"""

_ONE_IN_300 = """
9 11 12 15 20 25 30 50 100 1000 500 2010 2011 2012 2013 2016 2017 2018 2019 2020 2021 2022 2023
2027 2028 2030 0 13 14 16 17 18 21 24 40 60 add age agency agree air allow america announce apple
army arrest ask australia award ban base battle beat become begin better bid bill black body book
boost boss bring britain british build buy campaign car care cause celebrate center central change
charge chief chinese claim clash close club coach come community concern confirm continue control
cost country county crash create crew crisis cup cut data debate debut decision defend defense
demand deny department deputy die director drive drop drug early earth east economy economic
election end energy europe european eu event executive expect expert fail family fan far fast fear
fight film final fire firm focus follow food force foreign former france free friday friend fund
future gain general german germany give google great green ground group grow growth gun half hand
head hear heart history hold hope hospital host hot hour human idea images impact include increase
indian industry inquiry interest international internet interview invest investigation investor
iran iraq island issue japan job join judge justice keep key kid know korea land large late latest
launch law lawmaker leader league learn legal let level light like line link list little local
london look love low major march mark match matter mayor media member men michael military minister
mission monday month more mother move movie music name nation near network news night nuclear
number obama offer office officer official oil on online operation order party pass pay peace phone
pick place play player point policy political pope port pose post prepare press prime probe problem
program project protest prove push quarter question quit race raise rate reach read ready real
record red reform region release remain remove research resign respond rest result reveal rival
road role rule run russian safety sanction saturday save science scientist score sea search season
second secret security seek sell senate senator send senior service shoot shop show sign single
site social soldier son source space speak special spend spot stand statement station stay step
stop storm story street strike student study summit sunday super support survey suspect system
target tax teacher team tech technology term terror texas threat threaten thursday tie today tour
town trade train travel trial tribute troop trump try tuesday turn tv ukraine un union unit united
university urge use van victim victory video view violence visit voice vote vow wait walk wall warn
washington water weapon weather wednesday weekend west white wife winner woman worker write york
young youth jan feb mar apr may jun jul aug sep oct nov dec
"""

_ONE_IN_1000 = """
19 22 23 26 27 28 29 31 32 35 45 70 80 90 99 150 200 250 300 400 600 700 800 2000 2009 2008 2007
2005 5000 10000 3000 1000000 2000000 1000000000 abandon abuse accept access accident account accuse
achieve act action activist actor actress actual admit advance adviser affair afghan afghanistan
africa african agenda agreement ahead aid aim aircraft airline airport alarm alert alleged alliance
ally amazon analyst anger angry animal anniversary answer apologize appeal appear app approve arab
area argentina arm arrive art asia asian assault asset asteroid athlete atlantic attempt attend
attorney auction audience author authority auto average avoid baby bar baseball basketball battery
bbc beach beauty beef beijing bell benefit berlin bet biden birth birthday bishop bitcoin block
blog blow blue board boat bomb bond border bosnia bowl box boy brain brand brazil break breakfast
bridge brief bring broadcast brother brown brussels budget bug burn bus bush cabinet california
camera camp canada canadian cancel cancer candidate capital captain capture card career cargo carry
cash cast catch catholic cell ceo ceremony chair chairman challenge champion championship chance
channel charity chase chat cheap check chemical chicago choice choose christian christmas church
citizen civil civilian claim class classic clean clear clinton climate climb clinic cloud coal
coast code cold collapse collect college colombia column comeback comedy comet command commander
comment commission committee common compete competition complete complex computer conduct
conference conflict congress conservative consider consumer contact content contract cook cool
cooperation copper cop core corporate corruption costume could council count coup couple course
cover create credit cricket crime criminal critic critical criticism cross crowd crude cuba culture
currency current customer cyber daily dam damage dance danger dark date daughter david deadline
deadly dealer decade decide decline deep defeat deficit degree delay delegation deliver democracy
democrat democratic deploy design despite destroy detail detain detect development device diet
digital dinner diplomat direct disaster discover discovery discuss disease dismiss display dispute
district divorce doctor document dog dollar domestic door double doubt downtown draft drama draw
dream dress drink driver drone drought due earn earnings earthquake ease economist edge edition
editor education effect effort egypt eight elect electric embassy emerge emergency emission
employee employer engine engineer england english enter entire environment episode era error escape
essay estate event ever evidence exam exchange exhibition exit expand experience explain explode
explore explosion export expose extend extra extreme eye facebook fact factory fair faith fake fall
false fame farm farmer fashion father favorite feature federal feed feel female festival field
figure file finance financial fine finish firefighter fish fix flag flight flood floor florida flu
fly follower football forecast forest form fort fraud freedom freeze french fresh front fruit fuel
full fun funeral gallery gang garden gas gate gaza gene george giant gift girl glass goal gold golf
government's governor grant green grid guard guide guilty guitar guy hack hair hall halt harry
harvard hate health heat heavy hell hero hide highway hike hill hire historic holiday hollywood
holy homeless hong honor horror horse hostage hotel hub huge hundred hunger hunt hurricane hurt
husband ice illegal image immigrant immigration import important improve incident income
independence independent index indonesia inflation influence information injure injury inside
inspection inspire insurance intelligence invasion iphone ipad ireland irish iron islamic israeli
italian italy itself james january japanese jail jerusalem jet jewish jim joe john joint joke
journalist journey juan judge jump june juror jury kenya kick kiev kim king kingdom kong korean lab
labor lack lady lake landing language laser laugh launch lawsuit lawyer leak leg legend lesson
letter liberal library libya license lie lift limit link lion liquid liverpool loan location lock
los angeles loss lot lunar lunch machine magazine mail main maker malaysia male manager manchester
mandate manufacturer map marathon marine marriage marry mars martin mary mass massive master mayor
meal mean measure medal medical medicine mental mercury merger merkel message metal mexico mexican
microsoft middle migrant mile milk mind mine miner minister minor minute miss missile mix mobile
model modern modi moment monkey mood moon morning moscow mosque motor mount mountain mouth multiple
mum murder museum muslim mystery naked nasa nato nature naval navy nbc nearby nearly necessary
neighbor net netanyahu nigeria nobel nominate nominee normal note novel nurse ocean october odd
offensive ohio olympic olympics online opera operator opinion opponent opportunity oppose
opposition option orbit organization original oscar outbreak output outside overseas own owner
pacific pack page pain paint pair pakistan palestinian panel paper parent paris park parliament
partner partnership passenger past path patient patrol paul peak pension pentagon perform
performance period permit person peter petrol philippines physics picture pilot pipeline pitch
plane planet plant plastic plate platform playoff please pledge plot poison poland pole poll
pollution pool poor pop popular population position positive possible post potential poverty
practice praise pray pregnant premier premiere present preserve pressure preview prevent prince
princess prison prisoner private prize producer product production professor profile profit
progress promise promote property proposal propose prosecutor protect protester provide province
publish pull purchase putin quake queen quick rail rain rally range rank rape rare rating raw
reaction reactor reader reality reason rebel recall recession recover recovery reduce refugee
refuse register regional regulator reject relation relationship relief religion religious remember
repair repeat replace republic republican request rescue reserve resident resource response
restaurant retail retailer retire retirement retreat revenue reverse revive revolution rich ride
rio risk river robert robot rock rocket roll roman romney room root rover row royal rumor rural
rush safe sail sample san satellite saudi scale scandal scare scene scheme scholar scotland
scottish scout screen script seal seat sector secure seize self semi sentence separate september
series serious session settle settlement seven severe sex sexual shape shark shift shine ship shock
short shot shoulder shut sick side signal silence silver simple singapore singer sister situation
size skill skin sky slow slump small smart smartphone smoke snow soar soccer software solar
solution song sony soon sound soyuz spain spanish spark speaker speech speed sport spread spring
spy squad stab stadium staff stage stake standard steal steel stem steve stick stimulus storage
strategic strategy stream strength stress strong structure struggle style submarine success sudan
sue suffer sugar suggest suicide suit summer sun supply supreme surface surge surgery surprise
surround surveillance survive survivor suspend swap sweden swift swim swing switch sydney symbol
syria syrian table tackle taiwan taliban talent tank tanker tap tariff task taste taylor tea teach
tear teen teenager telescope television temperature tennis terrorist terrorism theory therapy thing
think thousand ticket tiger tight tip title toll tomorrow tool torture total touch tough tourism
tourist tower toxic toy track traffic tragedy trailer transfer transit transport trap treasury
treat treatment treaty tree trend tribe trick trip trouble truck truth turkey turkish twin twitter
typhoon tyre ultra uncle under unemployment unveil upgrade urban user vaccine valley value vatican
vegas vehicle venezuela version veteran vet vice vienna vietnam viewer village viral virgin
virginia virus vision vital volcano volunteer voter wage wake want warming warrant warrior wash
waste wave weak wealth wear web website wedding weigh weight welcome wheel wild williams wind
window wing winter wire wise witness wood word worth wound wrap wrong yahoo yen yield yuan zone zoo
evening weekly monthly annual bulletin headline briefing roundup digest horoscope lottery crossword
obituary obituaries editorial letters podcast quiz recap highlight fixture results schedule
calendar questions answers faq tips notes
"""


def _table() -> dict[str, int]:
    table: dict[str, int] = {}
    # A word listed twice has its highest class.
    for words, count in (
        (_ONE_IN_1000, PER_HEADLINES // 1000),
        (_ONE_IN_300, PER_HEADLINES // 300),
        (_ONE_IN_100, PER_HEADLINES // 100),
        (_ONE_IN_40, PER_HEADLINES // 40),
    ):
        table.update(dict.fromkeys(map(stem, words.split()), count))
    return table


FREQUENCIES = _table()
"""Token -> headlines of `PER_HEADLINES` that hold it."""
