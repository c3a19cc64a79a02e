/// A message, or several with one text, that the demo sends at its first start.
struct DemoSample: Sendable {
    /// What is special about it.
    enum Fate: Sendable {
        /// It goes out at once; the simulator does what its recipient asks for.
        case sent
        /// It waits for its time.
        case scheduled
        /// It waited for its time and was cancelled.
        case cancelled
    }

    let recipients: [String]
    let text: String
    let sender: String?
    /// Whether it goes by the second provider, where there is one.
    let bySecond: Bool
    let fate: Fate
    let validityMinutes: Int?
    /// The caller's own data.
    let metadata: String?

    private init(
        _ recipients: [String], _ text: String, sender: String? = nil, bySecond: Bool = false,
        fate: Fate = .sent, validityMinutes: Int? = nil, metadata: String? = nil
    ) {
        self.recipients = recipients
        self.text = text
        self.sender = sender
        self.bySecond = bySecond
        self.fate = fate
        self.validityMinutes = validityMinutes
        self.metadata = metadata
    }
}

extension DemoSample {
    /// A few of each kind, in the order in which they are queued.
    ///
    /// Numbers that end in `9999` and two digits ask the simulator for something (`Behavior`); the
    /// others are delivered. Those are of ranges that regulators keep free for fiction.
    static let all: [DemoSample] = [
        DemoSample(
            ["+447700900417", "+447700900532", "+12025550143", "+61491570006", "+46701740605"],
            "Your order 1001 is on its way. Track it at https://shop.example/1001", sender: "Shop",
            metadata: #"{"order":"1001"}"#),
        DemoSample(
            ["+447700900648", "+12025550187", "+33639980021"],
            "Your table for two is booked for tonight at 19:30. Reply 1 to confirm.",
            bySecond: true, metadata: #"{"booking":"B-77"}"#),
        DemoSample(
            ["+4915228817386"],
            """
            Dear customer, the boiler in your building is serviced on Thursday between 8 and 12. \
            There is no hot water meanwhile. Please leave the cellar unlocked, and tell your \
            neighbours who may not get this message. Your caretaker can be reached all morning \
            under the number on the notice in the stairway. Thank you for your patience!
            """, sender: "Caretaker"),
        DemoSample(["+447700900651"], "Ваш заказ 1002 доставлен. Спасибо!", sender: "Shop"),
        DemoSample(["+447700900652"], "ご注文の商品は明日お届けします 📦", bySecond: true),
        DemoSample(["+447700900653"], "رمز التحقق الخاص بك هو 482913", sender: "Shop"),
        DemoSample(["+447700900654"], "“Fish & chips” – today £5… fancy some?", sender: "Pub"),
        // What fails, each for another reason.
        DemoSample(["+447780999911"], "Your parcel is at the depot.", sender: "Shop"),
        DemoSample(["+447780999912"], "Your parcel is at the depot.", bySecond: true),
        DemoSample(["+447780999913"], "This code is valid for ten minutes: 220417"),
        DemoSample(["+447780999914"], "Your appointment is tomorrow at 9:15.", bySecond: true),
        DemoSample(["+447780999915"], "Everything in the shop is 20% off today.", sender: "Shop"),
        DemoSample(["+447780999917"], "You have won! Call us back now.", sender: "Prizes"),
        DemoSample(["+447780999919"], "Your taxi is here.", bySecond: true),
        DemoSample(["+447780999920"], "Welcome! Your account is ready.", sender: "Shop"),
        DemoSample(
            ["+447780999947"],
            """
            Minutes of the meeting: the garden fence is painted green, the bicycle shed gets a \
            lamp, and the summer party is on the first Saturday of July. Everybody brings a salad \
            or a cake. Who can lend a table, please tell the committee before the end of the month.
            """, bySecond: true),
        // What is still on its way.
        DemoSample(
            ["+447780999918"], "Your invoice of March is ready.", sender: "Shop",
            validityMinutes: 1440),
        DemoSample(["+447780999946"], "Your driver arrives in five minutes.", sender: "Taxi"),
        DemoSample(
            ["+447700900655", "+447700900656"], "Your appointment is in an hour.", bySecond: true,
            fate: .scheduled),
        DemoSample(
            ["+447700900657"], "The shop opens an hour later tomorrow.", sender: "Shop",
            fate: .cancelled),
    ]
}
