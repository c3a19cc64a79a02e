/// Passwords of twelve characters or more that many people use, in lower case.
///
/// From the lists of 100,000 passwords that the United Kingdom's NCSC published with Have I Been
/// Pwned (2019), of 20,000 that Django ships, of 30,000 that zxcvbn ships, and of NordVPN's and
/// others' yearly ones, without those that `PasswordRules` finds repetitive anyway and without
/// what looks like one person's own.
enum CommonPasswords {
    /// Whether this password, in lower case, is on the list.
    static func contains(_ text: String) -> Bool { all.contains(Substring(text)) }

    private static let all = Set(text.split { $0 == " " || $0 == "\n" })

    private static let text = """
        $chwarzepumpe 010203040506 010203040506070809 011151zangetsu 012345678910
        014702580369 01telemike01 0508rabbit88 0r968ji9ufj6 102030405060 102030405060708090
        10393ravens52 110331rahili 111222333000 111222333444 111222333444555 111222tianya
        112233445566 11223344556677 1122334455667788 112233445566778899 11223344556677889900
        112358132134 1213141516171819 122333444455555 123123456456 123123qweqwe 1233211234567
        123321456654 123321qweewq 123456654321 1234567654321 12345677654321 123456782000
        1234567887654321 1234567890-= 123456789000 12345678900987654321 1234567890987654321
        1234567890abc 1234567890qaz 1234567890qw 1234567890qwe 1234567890qwer 1234567890qwert
        1234567890qwerty 1234567890qwertyuiop 1234567890zzz 123456789101 1234567891011
        123456789101112 12345678910a 123456789123 1234567891234 12345678912345
        123456789123456 1234567891234567 123456789123456789 1234567892000 123456789789
        12345678987654321 123456789987 123456789987654 1234567899876543 123456789987654321
        123456789aaa 123456789abc 123456789abcd 123456789abcde 123456789asd 123456789asdf
        123456789lol 123456789love 123456789qaz 123456789qqq 123456789qwe 123456789qwer
        123456789qwert 123456789qwerty 123456789qwertyuio 123456789qwertyuiop 123456789zxc
        123456789zxcvbnm 123456789zzz 12345678qwertyui 1234567ks123 1234567qwerty
        1234567qwertyu 123456abcdef 123456asdfgh 123456qwerty 123456zxcvbn 12345qwertasdfg
        1234qwerasdf 1234qwerasdfzxcv 123admin321a 123ewqasdcxz 123qwe456asd 123qwe456rty
        123qweasdzxc 123qwerty123 12characters 12qw34er56ty 1324354657687980 1580welcamino
        159357258456 159753258456 159753456852 159753852456 1a2a3a4a5a6a 1a2b3c4d5e6f
        1a2s3d4f5g6h 1b78ef23aa2506f41feecfcc45b66038 1q2w3e4r5t6y 1q2w3e4r5t6y7
        1q2w3e4r5t6y7u 1q2w3e4r5t6y7u8 1q2w3e4r5t6y7u8i 1q2w3e4r5t6y7u8i9o
        1q2w3e4r5t6y7u8i9o0p 1q2w3e4r5t6z 1qa2ws3ed4rf 1qa2ws3ed4rf5tg 1qazxsw23edc
        1qazxsw23edcvfr4 1t2o3b4i5a6s 1urkilbth674 1z2x3c4v5b6n 23176djivanfros
        240653c9467e45 2gether4ever 30secondstomars 31217221027711
        319f4d26e3c536b5dd871bb2c52e3178 31p5wtdyg/wgq 32615948worms 3634819zhang
        37gudoplfs45 412497samloo 41d8cd98f00b 4815162342lost 520love101182 541233432442
        5532361cnjqrf 59382113kevinp 595490067ua1 5qwerty67890 654321123456
        6666666666empulgara 6dnwch275049 7253497a5e31bd64 741085209630 742617000027
        753951852456 777dashuta157 798465132741ll 7ujmko0admin 7ujmko0vizxv
        827ccb0eea8a706c4c 827ccb0eea8a706c4c34a16891f84e7b 830928urodziny 858877108aop
        8602229096klo 89058895869cth 89173371487v 89216279708a 89231243658s 89876065093rax
        9121318barssuki 9508402243id 951753852456 9749676621ok 987654321123456789
        a1a2a3a4a5a6 a1b2c3d4e5f6 a1s2d3f4g5h6 abc123456789 abc123def456 abcdef123456
        admin18533362 administrative administrator advcomm500349 aitbisp4ecig aiypwzqp1996
        akkolesnikov akucintakamu akusayangkamu alanfearon10 alejandro123 alexander123
        alexdelpiero alhamdulillah allahisgreat alleniverson alteclansing amadeusptfcor
        amazinggrace ambitious108 amerikanblend ametistfatal amoremiotiamo an83546921an13
        anastasija3010 andrewjackie andrey1412ua anorexicgoat1 antananarivu antonichmeli
        arabella24630 architecture arquitectura arturamirov89 asabsmelik5g asd123456789
        asdasd123123 asdasd12313d asdasdasd123 asdfgh123456 asdfghjkl123 asdfghjkl12345
        asdfghjkl456 asdfghjkl:&#39: asdfghjkl;&#39; asdfqwer1234 ashishbiyani asiamarketing
        assassinscreed auckland2010 avadakedavra avalanche123 avengedsevenfold avetisyanartur
        avrillavigne azerty123456 azertyuiop123 b9399f21060d4b5fcb6d3cf5fea8de backstreetboys
        backuprestore1 barcelona123 baseballer123 basketball10 basketball11 basketball12
        basketball123 basketball13 basketball22 basketball23 battlefield2 besiktas1903
        billgeitslox biochemistry biotechnology birdhouse751 birthvillage bismillah123
        bismillah786 blackandwhite blackangel09021 blackpanther blacksabbath bltynbabrfwbz
        bobthebuilder bootylicious boy4u2ownnyc bpgjldsgjldthnf britneyspears businessbabe
        butterfinger butterfly123 butterscotch cable-docsis californication caniceiceman11
        carvalho83500 ceckbrcerfkbxyjcnm2 challenger2015 change_on_install chantelle145
        charliebrown charlieluca1 cheekymonkey cheerleading cheeseburger chesterfield
        chey_archsvr chickenwing101 chinpira0324 chocolate123 christian123 christopher1
        cipiripi1988 cjdthitycndj claytonwcar1 cloverfields1 cod12qw75rqyi59n colinwidow2001
        combat123654 communication confidential construction contortionist cookiemonster
        corperfmonsy cosmopolitan counterstrike cradleoffilth cristianoronaldo crosscountry
        cvfootball63 d1bd6bc58c1d74df41a957489c9942f5 d41d8cd98f00 d41d8cd98f00b204e980
        d41d8cd98f00b204e9800998ecf8427e dallascowboys dancingqueen dannysuh19499
        darkerthanblack davidbeckham davidstrokov deepfrequency default.password delirium9111
        demon1q2w3e4r demon1q2w3e4r5t denya2531914 destruction0 determination dev2000_demos
        devilmaycry4 dfczcghjcbnm dfg5fhg5vgfh1 dianochka1924 digitalprodu dimafilippov
        dimitrios2016 discoverer_admin dkflbvbhjdbx dkflbvbhjdyf domainlock2005 donalrules10
        doomsayer.2.7mords.v doomsayer.2.7mords.vv dragonballgt dragonballz1 dragonmaster
        dragonslayer dreamcatcher dreamtheater drozdovaksusha e10adc3949ba59abbe56
        e10adc3949ba59abbe56e057f20f883e e250changeme e500changeme eanovozhilov easytocrack1
        edwardcullen einekleinemaus7 elcubano1893a elenanesterova elghamrawy35 elizabeth123
        elvispresley encyclopedia entertainment ernestsantikov etravelmoleoptin ezekiel11991
        fallen_angel familymacintosh fenerbahce1907 fenohasina39 fernandotorres ff0960078288
        fggjkbyfhbq007 fgjrfkbgcbc34 field.support finalfantasy finalfantasy7 financial123
        fishbaracuda fisioterapia fkmnthyfnbdf fktrcfylhjdbx fktrcfylhjdf fktrcfylhjdyf
        flvbybcnhfnjh football1771 foreveralone foreveryoung frankenstein frederiksberg
        friendofarriane friendofearning$1 friendofemily friendofeveryemailyouproc
        friendofgerly friendofjoan friendofthenext18peoplew friends4ever friendsforever
        frittenfett23 frostmourne95 fucktheworld fuckthisshit fuckyoubitch fussionr1981
        fynfyfyfhbde g00dpa$$w0rd g13916055158 galatasaray1905 gamaleldeen1
        gayassfagpastebinleaks germania4405 gettherefast ggdaseuaimhrke ghbdtnrfrltkf
        ghhh47hj7649 ghjcnjgbpltw ghjcnjgfhjkm ghjcnjqgfhjkm ghjcnjrdfibyj ghjnbdjcnjzybt
        ghrimachiova64 giabella2012 gidrometeoburo gjkysqgbpltw glafira110169 goderdzikarxjxv
        gofuckyourself goluboglazka08 goodcharlotte googlecheckout googletester grandchildren
        greenlantern grundbergf611 gtasanandreas gtnhjpfdjlcr guitarhero15 gv5235523532
        gvinpinka123 gygypyfyyyposhy hakunamatata hallucinationse hamulakvitaly hannahmontana
        happybirthday happynewyear harleydavidson harrison1126 harrypotter1 hastalavista
        haveaniceday hawkesbury93 hd764nw5d7e1vb1 heartbreaker heathfield2015 hedimaptfcor
        hedimaptfcorp heitor250493 hejmeddig123 hellogoodbye hellokitty123 heterosexual
        hoangtien123 hockeyman123 holidaysecure123 holidaysecure123$ homersimpson
        homesweethome howareyou123 huangfeisuny iampurehaha2 ichliebedich idiocracy789
        ihatethisgame ijfrnhf7yhcy54bhy0cd ilom-operator iloveboobies iloveguns133
        ilovemyfamily ilovemyindia ilovemymother ilovethisgame iloveyou1234 iloveyou4ever
        iloveyoubaby iloveyousomuch immergruen1412 inactive1996aug independence independiente
        indianajones indonesia4x4 informatique ingodwetrust ingorion177g installdevic
        installsqlst internacional international internazionale ipittydafoo1 is_$hostname
        iseedeadpeople islcollective ivankaterinchenko ivanovamotya jacksonville
        jafjkshf7y6w34rjd jakethesnake12 jakobritchea95 jamesbond007 jamespaul0506
        jannaarhipova jasper403421 jaw138whet330 jeremiah2911 jesuschrist1 jesuslovesme
        jesuss041190 jh5thrwgefsdfs jkiuztdftl57 john!20130605at1753 jonasbrothers
        jsy930993921 jundian2011xr justin941208 justinbieber kachadoo1955 kamehameha1121
        kartoffelpuffer khuljasimsim kikugalanetroot kindergarten kingdomhearts
        kingdomhearts2 kingjayback1 kirik26trimyasov knackwurst8853 kobebryant24 komltptfcorp
        kotovichvalentina kottonmouth1 kovalevagn2057 kovalienko63 kudrjashova62
        kudryavcevavalya kuznecovviktorr l33tsupah4x0r lamborghini1 langin270474
        laurel12creek lavidaesbella lavieestbelle ldappassword_1 leavemealone lebronjames23
        leliane50934 lexaafanasiev84 lhbjkjubz2957704 lightpower12345 linkedin1234
        linkedin2011 linkedinpass linkedinpassword littedemon21 livelaughlove liverpool123
        liverpool1892 lol123456789 lookingforlove loop1206ssdsff lordoftherings
        lost4815162342 louisvuitton love123456789 love777321777 loveandpeace lpz93ssskqw8q
        lulu889jdddd lydcc20091314 lytghjgtnhjdcr m01759766727 madara30082001 magma9824660
        mailcreated5240 majiajun8888 mamanjetaime manchester123 manchesterunited
        mandds1mg6bv8re manovitskaya manuliktatyana maprchem56458 marcoantonio marek14michal
        margaretthatcheris110%sexy mariaeduarda mariafernanda mariagoncharenko marielwfledlow
        marijuana420 marilynmanson marinadeduxinaa marshall5599 masonic-2309 massimiliano
        masterbaiting masterbating masterblaster masturbation matrassesotk maurolarastefy
        mbtvibranike mcdowellnjrotc1 mediterraneo mega_pizdetz666 megaparol12345 memyselfandi
        mercedesbenz metallica123 metallica666 mevefalkcakk michaeljackson michelangelo
        microbiology microbusiness mightykobe7414 migrationsandeep migrationschool
        mihailpezhemskii mikhayildopy milankasanakoeva milena699803 mimamamemima minecraft123
        minnesota_hp misericordia mishanna1936 mississippi1 mithrandir311 mknaxhxeh8yp3tf
        mnenrad6983616 mod7tygrysow moderncombat modernwarfare modernwarfare2 mogychajagopa
        mojurus5575566 momsanaladventure monaliza2786 morganstanley morozovavalya28
        mortalkombat moscowcallin motherboard10 motherfucker motherfucker1 moulesfrites22
        mozellbranou81e msorcloledbr mts_password muchalu922984 mybossmyhero1
        mychemicalromance mynameiskhan mypassphrase mypasswordis12 mysecretpassword0*
        n8zgt5p0shw= narashchivaiunoghti narutouzumaki nastenabendel nastina33592
        nastyaanciferova natiichen999 necronomicon needforspeed nemvxyheqdd5oqxyxyzi
        nepatriots12 networkingpe neversaynever nevertarget7 newfoundland neworleans12345
        newproject2004 nguyen4thewin nhecsyfujkjdt nhfdvfnjkju123 nhfycajhvths nickcastro123
        nightcrawler njhygtftb567 nmt89109328673 nondriversig oksana130279 oksanaorgadykova
        olcrackmaster olechka061187 olgastrashney omnamahshivay onedirection ontheoutside
        opelastra123 optimusprime orlandobloom ourladies1983 over2yangshuo p030710p$e4o
        pakistan12345 pakistan1947 panathinaikos panchovanilla1 panopticon83 paraklast1974
        paralelepipedo parker118389 partickthistle0 pass4ggpa123 password1234 password12345
        password123456 password1234567 password12345678 password123456789 password2303
        passwordstandard pe#5gz29ptzmse peaceandlove peanutbutter philadelphia pincopallino
        platinumroof53 playstation1 playstation2 playstation3 pletnevakaterina pokemon12345
        polikloh00000 polniypizdec0211 polniypizdec1102 polniypizdec110211 popokatepetl
        pornographic portal30_demo portal30_public portal30_sso portal30_sso_ps
        portal30_sso_public portedehal43d poseinfopass powercartuser powerrangers
        ppenguinzz33 praisethelord prettyinpink professional professionaltools profissional
        projectsadminx przyjaciolki ptybnxtvgbjy punksnotdead q18lg49iq8bhu q1w2e3r4t5y6
        q1w2e3r4t5y6u7 q1w2e3r4t5y6u7i8 q1w2e3r4t5y6u7i8o9 q1w2e3r4t5y6u7i8o9p0 qawsedrftgyh
        qaz123456789 qaz123wsx456 qazwsx123456 qazwsxedc123 qazwsxedc12345 qazxswedc123
        qazxswedcvfr queteimporta qwaszxerdfcv qwe123456789 qwe123rty456 qweasdzxc123
        qwegta13091990 qwepoiasdlkj qweqwe123123 qwerasdf1234 qwerasdfzxcv qwertasdfgzxcvb
        qwerty112233 qwerty123321 qwerty123456 qwerty1234567 qwerty12345678 qwerty123456789
        qwerty1234567890 qwerty654321 qwerty777888 qwertyasdfgh qwertykolakola qwertyuiop10
        qwertyuiop12 qwertyuiop123 qwertyuiop1234 qwertyuiop12345 qwertyuiop123456
        qwertyuiop123456789 qwertyuiop1234567890 qwertyuiop789 qwertyuiop[]
        qwertyuiopasdfghjkl151515 qwertyytrewq r6a50de3ujwtog4 radhakrishna radhekrishna
        rahmudinov92 raskevichtanja realsocal123 redoctober17 refillmotives regawf7ss1dm7rn
        registration relationship renesmeecallen residentevil residentevil4 resistant50m
        restoreonly1 resurrection rfnthbyf1988 riodejaneiro riwr2hky4w3tjgg rogovsasha123
        rollercoaster rollingstones ronaldduck2000 ronaldinho10 rosebowl4138 rowanlynch260
        roxybuster09 rsaappliance rtertuy77ijyhu7i ruizhenzhang1 runescape123 s8ylpe9jdpvym
        s9qxa9yn9cc= sagopakajmer sandberg1405 sanfrancisco santodomingo sarim5samun2
        sasukeuchiha satisfaction saun24865709 schmetterling schoolgirlie sdf7asdf6asdg8df
        sdf7asdf6asdg8df1 sebastian106 sebastian123 seemnemaailm seniseviyoru seniseviyorum
        seo21saafd23 seregakalygin serviceconsumer1 setup/nopasswd sevgeyq9v7kor
        sexonthebeach shahrukhkhan shaojuntan01 shaquillesecx10 sharpshooter shiningeagle
        shirankova42 shishmarev76 shootingstar showmethemoney shukshinasveta
        siiifonjiknalivai silversurfer simonova5570 sivenkovklin skateboarding slonenok1009
        smallbusiness snipershotgunr7 sniperviper1 snowboarding sojdlg123aljg soloveibormalei
        somanypickles27 sonnenschein sonyericsson sorokina7778 souleater123 southerland007
        specialinsta spiderman123 splintercell spongebob123 stargate5684 startfinding
        starwars03ja starwarsfan10 stefancelmare stefangreil1983 stella354926 stickdaddy77
        stinkyfinger storageserver strat_passwd stratocaster stratovarius strawberries
        streetfighter streetglow21 sungatullinad supereag1es1976 superman1999 supernatural
        sutenm123456 svetlana26rus swaminarayan swamisamarth syed28091978
        sys/change_on_install system_admin systemofadown systest_clig t0talc0ntr0l4!
        talkingdeath625 tanglewood29 tarakanita25 tarquinjock1 tatercounter2000 teamfortress2
        technology98 telechargement tempesth1941 templars1995 temppassword
        tenmanufactorypower tequieromucho thecakeisalie thecrazymaxim thelordisgood
        thematulaklives1 thereisnospoon thisismypassword thunderstorm ticketmaster
        tielandros01 tiggercutie11 tinkerbell12 tivogliobene tkgsoo083bsr tobeornottobe
        total12scherz trampoline11 transformers travelmoleoptin trendimsa1.0 tricolor2003
        trungtr4n321 tt37820ellipsis tygferrfddss typetogether ukflbfnjh12345 unitedkingdom
        unitedstates universitario user_template uzumakinaruto valentinorossi vanessa141175
        vanyarespekt varduhigohar varfolomeeva0990 venividivici veralipatnikova vesproongh12
        vfvfvskfhfve victorclavier victoriandr01 vihotsieva94 vitor1268123 vladcherktecktonik
        vladimirovna voliahim1891 volkovanata77 volkovaolguna vtuf36jhufpv w0rkplac3rul3s
        wallflower17 warhammer40k watermelon88 wazzkaprivet webmaster123 websolutions
        websolutionssu webuivalidat weihnachtsbau weihnachtsbaum welcome12345 wenatchee5036
        werderbremen weronika1992 whosyourdaddy whysoserious windows_passthru windowsvista
        winniethepooh winnipeg2612 witspass1234 wlsepassword worldofwarcraft woshishei319
        wrestlemania wrgg15_di524 wwwksenechkawww xantria10315 xenosaga1234 xodqmffl0822
        xtseo2011tdx xxxp455w0rd5 yanchikchmoki yandi20080527 yemi19900911 yfdbufnjh10305070
        z1x2c3v4b5n6 z1x2c3v4b5n6m7 zabelina12391 zabelinaalena zabihullin99 zabolotnova31337
        zaq12wsxcde3 zaq1xsw2cde3 zaqwsxcderfv zaqxswcde123 zaqxswcdevfr zarinaismailova
        zcfvfzkexifz zcfvfzrhfcbdfz zhangxian789 zimmermann33 zmx870919123 zqjphsyf6ctifgu
        zxc123456789 zxcasdqwe123 zxcvbn123456 zxcvbnm12345 zxcvbnm123456 zxcvbnm1234567
        zxcvbnm123456789 zxcvbnmasdfghjkl zxcvbnmmnbvcxz
        """
}
