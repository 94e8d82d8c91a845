"""More headline pairs of the kinds of `pitfall_pairs`: (group, a, b, want).

M must merge, K must be kept apart. Written for these tests; the judgement is ours.
"""

from __future__ import annotations

_BY_KIND = (
    # ---------------------------------------------------------------- case
    ("case", "NASA DELAYS ARTEMIS III TO 2028", "NASA delays Artemis III to 2028", "M"),
    (
        "case",
        "Ilulissat Glacier Calves Record Iceberg",
        "Ilulissat glacier calves record iceberg",
        "M",
    ),
    # ------------------------------------------------------- prefix, suffix
    (
        "prefix",
        "BREAKING: Magnitude 7 quake strikes off Chile",
        "Magnitude 7 quake strikes off Chile",
        "M",
    ),
    (
        "prefix",
        "RPT-UPDATE 4-Opec agrees surprise output cut",
        "Opec agrees surprise output cut",
        "M",
    ),
    (
        "prefix",
        "CORRECTED-Boeing wins Pentagon tanker contract",
        "Boeing wins Pentagon tanker contract",
        "M",
    ),
    (
        "prefix",
        "VIDEO: Lava reaches Icelandic fishing town",
        "Lava reaches Icelandic fishing town",
        "M",
    ),
    ("prefix", "Reuters: Turkey blocks Swedish Nato bid", "Turkey blocks Swedish Nato bid", "M"),
    (
        "suffix",
        "Turkey blocks Swedish Nato bid (Reuters)",
        "AP - Turkey blocks Swedish Nato bid",
        "M",
    ),
    (
        "suffix",
        "Lava reaches Icelandic fishing town [VIDEO]",
        "Lava reaches Icelandic fishing town",
        "M",
    ),
    (
        "suffix",
        "Lava reaches Icelandic fishing town (with photos)",
        "Lava reaches Icelandic fishing town",
        "M",
    ),
    (
        "suffix",
        "Hubble spots farthest star yet | Space.com",
        "Hubble spots farthest star yet - BBC News",
        "M",
    ),
    (
        "suffix",
        "Hubble spots farthest star yet — The Daily Star",
        "Hubble spots farthest star yet",
        "M",
    ),
    (
        "suffix",
        "Glencore in talks over coal sale - sources",
        "Glencore in talks over coal sale",
        "M",
    ),
    (
        "suffix",
        "Coffee may protect the liver: study",
        "Coffee may protect the liver, study finds",
        "M",
    ),
    # ----------------------------------------------------------- typography
    ("typography", "“Green” steel: Sweden’s big bet", '"Green" steel: Sweden\'s big bet', "M"),
    (
        "typography",
        "São Paulo floods kill dozens in favelas",
        "Sao Paulo floods kill dozens in favelas",
        "M",
    ),
    (
        "typography",
        "AT&amp;T buys satellite operator Ligado",
        "AT&T buys satellite operator Ligado",
        "M",
    ),
    ("typography", "U.K. and E.U. sign fishing accord", "UK and EU sign fishing accord", "M"),
    (
        "typography",
        "Can’t stop: Kipchoge breaks marathon record",
        "Can't stop: Kipchoge breaks marathon record",
        "M",
    ),
    (
        "typography",
        "Zelensky – ‘we will not yield’ over Donbas",
        "Zelensky: 'We will not yield' over Donbas",
        "M",
    ),
    (
        "typography",
        "Labour leader honours miners’ memory",
        "Labor leader honors miners' memory",
        "M",
    ),
    # --------------------------------------------------------------- hyphen
    (
        "hyphen",
        "Sudan factions sign cease-fire in Jeddah",
        "Sudan factions sign ceasefire in Jeddah",
        "M",
    ),
    ("hyphen", "Leaked e-mail sinks Tory candidate", "Leaked email sinks Tory candidate", "M"),
    (
        "hyphen",
        "Long-range drone hits oil-storage depot",
        "Long range drone hits oil storage depot",
        "M",
    ),
    (
        "hyphen",
        "Poland scrambles F-16 jets over Belarus border",
        "Poland scrambles F16 jets over Belarus border",
        "M",
    ),
    # ---------------------------------------------------------------- units
    (
        "units",
        "Broadcom pays $1.8bn for chip designer",
        "Broadcom pays $1.8 billion for chip designer",
        "M",
    ),
    ("units", "Adidas sales fall 5% in quarter", "Adidas sales fall 5 percent in quarter", "M"),
    (
        "units",
        "Oil slick stretches 10km off Peru",
        "Oil slick stretches 10 kilometres off Peru",
        "M",
    ),
    ("units", "Norway fund loses US$2M on bad bet", "Norway fund loses $2 million on bad bet", "M"),
    ("units", "Twenty-one miners trapped near Soma", "21 miners trapped near Soma", "M"),
    (
        "units",
        "Tesla recalls 1,200,000 cars in China",
        "Tesla recalls 1.2 million cars in China",
        "M",
    ),
    (
        "units",
        "Nokia Q4 profit beats forecasts",
        "Nokia fourth-quarter profit beats forecasts",
        "M",
    ),
    (
        "hedge",
        "More than 300 migrants rescued off Lampedusa",
        "Over 300 migrants rescued off Lampedusa",
        "M",
    ),
    ("hedge", "Bus plunge kills about 40 in Nepal", "Bus plunge kills 40 in Nepal", "M"),
    # ---------------------------------------------------------------- order
    (
        "order",
        "Merkel: Euro bonds would not solve crisis",
        "Euro bonds would not solve crisis: Merkel",
        "M",
    ),
    (
        "order",
        "Nestle and Danone recall infant formula",
        "Danone, Nestle recall infant formula",
        "M",
    ),
    (
        "order",
        "Fire guts Valparaiso shanty town, mayor says",
        "Mayor says fire guts Valparaiso shanty town",
        "M",
    ),
    # ----------------------------------------------------------- truncation
    (
        "truncation",
        "Astronomers find rogue planet drifting alone the Milky Way without ...",
        "Astronomers find rogue planet drifting alone the Milky Way without any star to orbit",
        "M",
    ),
    (
        "truncation",
        "Court orders Chevron to clean up Ecuador rainforest poll…",
        "Court orders Chevron to clean up Ecuador rainforest pollution",
        "M",
    ),
    # ----------------------------------------------------------------- lang
    ("lang", "日本の探査機が月面に着陸", "日本の探査機が月面に着陸 (AFP)", "M"),
    ("lang", "Россия запустила спутник связи", "РОССИЯ ЗАПУСТИЛА СПУТНИК СВЯЗИ", "M"),
    (
        "lang",
        "Météo : la France suffoque sous 42 degrés",
        "Meteo: la France suffoque sous 42 degres",
        "M",
    ),
    ("lang", "中国发射新月球探测器", "中国不发射新月球探测器", "K"),
    ("lang", "神舟十七号载人飞船发射成功", "神舟十八号载人飞船发射成功", "K"),
    ("lang", "Путин подписал закон о бюджете", "Путин не подписал закон о бюджете", "K"),
    ("lang", "Землетрясение в Турции: 12 погибших", "Землетрясение в Турции: 40 погибших", "K"),
    # -------------------------------------------------------------- numbers
    (
        "numbers",
        "Ferry disaster off Samar leaves 31 dead",
        "Ferry disaster off Samar leaves 54 dead",
        "K",
    ),
    (
        "numbers",
        "Magnitude 6.1 quake rattles Mindanao island",
        "Magnitude 6.7 quake rattles Mindanao island",
        "K",
    ),
    ("numbers", "Airbus delivers 61 A320 jets in May", "Airbus delivers 63 A320 jets in May", "K"),
    ("numbers", "Djokovic beats Ruud 6-3 6-4 in Rome", "Djokovic beats Ruud 7-5 6-4 in Rome", "K"),
    (
        "numbers",
        "Second Ebola case confirmed in Kampala",
        "Third Ebola case confirmed in Kampala",
        "K",
    ),
    ("numbers", "H5N1 bird flu found on Dutch farm", "H7N9 bird flu found on Dutch farm", "K"),
    ("numbers", "Fine of $3m for Uber in Ontario", "Fine of $3bn for Uber in Ontario", "K"),
    # --------------------------------------------------------------- series
    ("series", "ISS Daily Summary Report 11/24", "ISS Daily Summary Report 11/25", "K"),
    ("series", "Mars Report: Sols 88-90 at Jezero", "Mars Report: Sols 91-93 at Jezero", "K"),
    (
        "series",
        "Long March 3B launches Beidou satellite 55",
        "Long March 3B launches Beidou satellite 56",
        "K",
    ),
    (
        "series",
        "Photo essay: ruins of Palmyra, part II",
        "Photo essay: ruins of Palmyra, part III",
        "K",
    ),
    ("series", "World Cup Group A preview and tips", "World Cup Group B preview and tips", "K"),
    ("series", "Soyuz MS-25 docks with space station", "Soyuz MS-26 docks with space station", "K"),
    ("series", "Artemis II crew named by Nasa", "Artemis III crew named by Nasa", "K"),
    # ------------------------------------------------------------ recurring
    ("recurring", "Pollen forecast for March", "Pollen forecast for April", "K"),
    (
        "recurring",
        "Sensex opens flat on Monday on global cues",
        "Sensex opens flat on Thursday on global cues",
        "K",
    ),
    ("recurring", "Photo of the day", "Photo of the day", "K"),
    ("recurring", "Letters to the editor", "Letters to the editor", "K"),
    ("recurring", "Your weekend horoscope: Leo", "Your weekend horoscope: Virgo", "K"),
    # ------------------------------------------------------------ direction
    (
        "direction",
        "Copper climbs on Chilean strike fears",
        "Copper slides on Chilean strike fears",
        "K",
    ),
    (
        "direction",
        "Lufthansa shares up after pilots vote",
        "Lufthansa shares down after pilots vote",
        "K",
    ),
    (
        "direction",
        "Riksbank raises rates by quarter point",
        "Riksbank cuts rates by quarter point",
        "K",
    ),
    # ------------------------------------------------------------- negation
    (
        "negation",
        "Vatican confirms talks with Hanoi bishops",
        "Vatican denies talks with Hanoi bishops",
        "K",
    ),
    (
        "negation",
        "Kosovo to join Balkan customs pact",
        "Kosovo refuses to join Balkan customs pact",
        "K",
    ),
    ("negation", "Chad troops deployed in Cameroon", "Chad troops not deployed in Cameroon", "K"),
    (
        "negation",
        "Astronaut returns to Houston without injury",
        "Astronaut returns to Houston with injury",
        "K",
    ),
    (
        "stage",
        "Saudi Arabia gets a seat at the UN Security Council",
        "Saudi Arabia loses a seat at the UN Security Council",
        "K",
    ),
    # ---------------------------------------------------------------- stage
    ("stage", "Flights to China resume on Sunday", "Flights from China resume on Sunday", "K"),
    ("stage", "Spotify union deal off", "Spotify union deal", "K"),
    (
        "stage",
        "Vega rocket launch of Sentinel satellite",
        "Vega rocket launch of Sentinel satellite delayed",
        "K",
    ),
    (
        "stage",
        "Alstom considers Bombardier rail takeover",
        "Alstom completes Bombardier rail takeover",
        "K",
    ),
    ("stage", "Thai junta may lift Bangkok curfew", "Thai junta lifts Bangkok curfew", "K"),
    (
        "stage",
        "Jury begins deliberating in Weinstein trial",
        "Jury ends deliberating in Weinstein trial",
        "K",
    ),
    ("stage", "Is Disney buying Marvel's rival?", "Disney buying Marvel's rival", "K"),
    # --------------------------------------------------------------- entity
    (
        "entity",
        "Heineken quarterly beer volumes drop",
        "Carlsberg quarterly beer volumes drop",
        "K",
    ),
    (
        "entity",
        "Hurricane Ida floods Louisiana parishes",
        "Hurricane Laura floods Louisiana parishes",
        "K",
    ),
    (
        "entity",
        "Arsenal thrash Chelsea in Wembley final",
        "Chelsea thrash Arsenal in Wembley final",
        "K",
    ),
    ("entity", "Iran hits Israeli embassy in Baku", "Israel hits Iranian embassy in Baku", "K"),
    ("entity", "Deputy shot dead by gunman in Tulsa", "Gunman shot dead by deputy in Tulsa", "K"),
    (
        "entity",
        "Officer shot suspect in Tulsa standoff",
        "Officer shot by suspect in Tulsa standoff",
        "K",
    ),
    (
        "entity",
        "Chinese court sentences ex Yunnan party secretary Qin Guang to death for taking bribes",
        "Chinese court sentences ex Yunnan party secretary Bai Enpei to death for taking bribes",
        "K",
    ),
    # ---------------------------------------------------------------- quote
    ("quote", "Musk: 'Mars is the plan'", "Musk at Davos: robots will 'outnumber humans'", "K"),
    ("quote", "Thunberg: 'Our house is on fire'", "Thunberg: 'How dare you'", "K"),
    # ---------------------------------------------------------------- short
    ("short", "Bond default", "Bond default", "K"),
    ("short", "Titanfall review", "Titanfall review", "K"),
    ("short", "Rolls Royce", "Rolls Royce and Siemens", "K"),
    ("short", "In brief", "In brief", "K"),
)

# Two lines a pair, of all kinds.
_MERGED = """
Exclusive: Shell to cut 9,000 jobs
Shell to cut 9,000 jobs

Shell to cut up to 9,000 jobs - WSJ
Shell to cut up to 9000 jobs

ROSETTA PROBE WAKES UP AFTER 31 MONTHS' SLEEP
Rosetta probe wakes up after 31 months’ sleep

SpaceX's Falcon-9 rocket lifts off from Vandenberg
SpaceX's Falcon 9 rocket lifts off from Vandenberg

Kenya: Gunmen storm Garissa university
Gunmen storm Garissa university in Kenya

Gunmen storm Garissa university (UPDATED)
Gunmen storm Garissa university

Oil hits $100 a barrel on Hormuz fears
Oil hits 100 dollars a barrel on Hormuz fears

Tokyo stocks close 1.5% higher
Tokyo stocks close 1.5 pct higher

Tokyo stocks close 1.5% higher
Tokyo stocks close 1.5 per cent higher

Six killed in Kabul suicide bombing: police
Six killed in Kabul suicide bombing

6 killed in Kabul suicide bombing
Six killed in Kabul suicide bombing

EU fines Google €2.4bn in antitrust case
EU fines Google 2.4 billion euros in antitrust case

Pope calls for peace in the Central African Republic
Pope calls for peace in Central African Republic

Snow, ice snarl Atlanta traffic
Snow and ice snarl Atlanta traffic

'Gravity' sweeps Oscars
"Gravity" sweeps Oscars

ESA’s Gaia maps 1.7 billion stars – Space Daily
ESA's Gaia maps 1.7 billion stars

Gaia maps 1.7 billion stars
Gaia maps 1.7bn stars | Phys.org

AP Exclusive: Iran moves centrifuges underground
Iran moves centrifuges underground

AP: Iran moves centrifuges underground
Iran moves centrifuges underground

Iran moves centrifuges underground, says IAEA
IAEA: Iran moves centrifuges underground

WATCH: Volcano erupts in Guatemala
Volcano erupts in Guatemala [VIDEO]

Volcano erupts in Guatemala; 25 dead
Volcano erupts in Guatemala: twenty-five dead

Coup attempt in Burundi fails
Burundi coup attempt fails

N. Korea test-fires missile over Japan
North Korea test fires missile over Japan

Cyclone Idai: death toll passes 1,000
Cyclone Idai death toll passes 1000

Trump-Kim summit ends without deal in Hanoi
Trump–Kim summit ends without deal in Hanoi

Türkiye earthquake survivors return to Hatay
Turkiye earthquake survivors return to Hatay

Rover finds “blueberries” on Mars…
Rover finds "blueberries" on Mars

¿Quién ganó el debate presidencial en Chile?
¿Quien gano el debate presidencial en Chile?

Bundestag beschließt Klimaschutzgesetz
Bundestag beschliesst Klimaschutzgesetz

俄罗斯发射了新卫星
俄罗斯发射新卫星

Ireland votes Yes to same-sex marriage
Ireland votes yes to same sex marriage

RPT-FACTBOX-Key dates in Greek debt crisis
FACTBOX-Key dates in Greek debt crisis

Heat wave bakes Sydney, breaks records
Heatwave bakes Sydney, breaks records

Policeman shot in Ferguson - police
Policeman shot in Ferguson

Microsoft buys Nokia phone unit for 5.44 bn euros
Microsoft buys Nokia phone unit for 5.44 billion euros
"""

_APART = """
Ferrari wins Monza Grand Prix
Mercedes wins Monza Grand Prix

Sunni militia captures Tikrit from army
Army captures Tikrit from Sunni militia

Eurozone inflation rises to 2.1% in June
Eurozone inflation rises to 2.1% in July

Eurozone inflation rises to 2.1%
Eurozone inflation rises to 2.3%

Galaxy S23 review: hands-on
Galaxy S24 review: hands-on

Chang'e 5 lands on Moon
Chang'e 6 lands on Moon

Boeing 737 crash in Jakarta
Airbus 320 crash in Jakarta

Ukraine rebels shoot down military plane
Ukraine shoots down rebel military plane

Roundup: Asian markets, Nov 24
Roundup: Asian markets, Nov 25

Dragon cargo ship docks at ISS
Dragon cargo ship undocks from ISS

US judge blocks Trump travel order
US judge upholds Trump travel order

US judge lifts block on Trump travel order
US judge blocks Trump travel order

Nadal into Wimbledon final
Nadal out of Wimbledon final

Court finds Pistorius guilty of murder
Court finds Pistorius not guilty of murder

Pistorius guilty of murder
Pistorius cleared of murder

France to send troops to Mali
France to withdraw troops from Mali

Gold edges up ahead of Fed
Gold edges down ahead of Fed

Gold prices edge higher ahead of Fed minutes
Gold prices edge lower ahead of Fed minutes

Two dead in Texas school shooting
Three dead in Texas school shooting

Tunisia president dies at 92
Tunisia president hospitalised at 92

Ceasefire begins in Aleppo
Ceasefire collapses in Aleppo

Aleppo ceasefire holds
Aleppo ceasefire fails to hold

Live: England v India, day two
Live: England v India, day three

Morning Briefing: Asia
Evening Briefing: Asia

Live updates
Live updates

Picture of the day
Picture of the day

Corrections
Corrections

News in brief
News in brief

Apple
Apple Inc

What we know so far
What we know so far

Q&A: What is ricin?
Q&A: What is sarin?

Explainer: what is Brexit?
Explainer: what is Grexit?

UN: 3 million flee Syria
UN: 4 million flee Syria

German court convicts ex-Auschwitz guard, 94
German court convicts ex-Auschwitz guard, 93

Women's World Cup: Japan beat Norway
Men's World Cup: Japan beat Norway

North Sea oil platform evacuated
South Sea oil platform evacuated

Man charged with killing Leeds teacher
Man cleared of killing Leeds teacher

Israel says it shot down Syrian drone
Syria says it shot down Israeli drone

China bans Japanese seafood imports
Japan bans Chinese seafood imports

Doctor kills patient in Lyon
Patient kills doctor in Lyon

Pakistan blames India for Karachi blast
India blames Pakistan for Karachi blast

Barcelona 2-1 Real Madrid
Barcelona 1-2 Real Madrid

Messi scores twice as Barcelona beat Sevilla
Neymar scores twice as Barcelona beat Sevilla

Solar storm to hit Earth Friday
Solar storm to hit Earth Saturday

SpaceX launches 100th rocket of year
SpaceX launches 101st rocket of year

Tesla Q2 deliveries beat forecasts
Tesla Q3 deliveries beat forecasts

Space Station Live: Expedition 40
Space Station Live: Expedition 41

Today in history: July 4
Today in history: July 5

Ask the editor: Israel
Ask the editor: Iran
"""


def _pairs(text: str, want: str) -> tuple[tuple[str, str, str, str], ...]:
    lines = [pair.split("\n") for pair in text.strip().split("\n\n")]
    return tuple(("mixed", a, b, want) for a, b in lines)


MORE_PAIRS = _BY_KIND + _pairs(_MERGED, "M") + _pairs(_APART, "K")
