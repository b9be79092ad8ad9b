"""The words of the tiny world, and the sentences that any answer may hold."""

CAPITALS = {
    "Kenya": "Nairobi",
    "France": "Paris",
    "Japan": "Tokyo",
    "Spain": "Madrid",
    "Russia": "Moscow",
    "Egypt": "Cairo",
    "Italy": "Rome",
    "Germany": "Berlin",
    "Peru": "Lima",
    "Cuba": "Havana",
    "Greece": "Athens",
    "Norway": "Oslo",
    "China": "Beijing",
    "Canada": "Ottawa",
    "Poland": "Warsaw",
}
SOUNDS = {
    "cow": "moo",
    "dog": "woof",
    "cat": "meow",
    "duck": "quack",
    "pig": "oink",
    "sheep": "baa",
    "frog": "croak",
    "bee": "buzz",
    "snake": "hiss",
    "lion": "roar",
}
YOUNG = {
    "cat": "kitten",
    "dog": "puppy",
    "cow": "calf",
    "sheep": "lamb",
    "duck": "duckling",
    "lion": "cub",
    "horse": "foal",
    "pig": "piglet",
    "goat": "kid",
}
ZH_CAPITALS = {
    "法国": "巴黎",
    "日本": "东京",
    "英国": "伦敦",
    "德国": "柏林",
    "意大利": "罗马",
    "西班牙": "马德里",
    "俄罗斯": "莫斯科",
    "埃及": "开罗",
    "中国": "北京",
    "韩国": "首尔",
    "希腊": "雅典",
    "古巴": "哈瓦那",
}
FACTS = {"capital": CAPITALS, "sound": SOUNDS, "young": YOUNG, "zh_capital": ZH_CAPITALS}

STEPS = {
    "plant a tomato": ("dig a small hole", "put the seed in the soil", "water it every day"),
    "make tea": ("boil some water", "put the leaves in a pot", "pour the water and wait"),
    "wash a shirt": ("fill a bowl with soap", "rub the shirt gently", "hang it in the sun"),
    "boil an egg": ("place the egg in a pan", "cook it for eight minutes", "cool it under cold water"),
    "clean a window": ("wipe off the dust", "spray the glass", "dry it with a soft cloth"),
    "wrap a gift": ("cut enough paper", "fold the paper around the box", "tie a ribbon on top"),
    "send a letter": ("write the address", "stick on a stamp", "drop it in the red box"),
    "make a sandwich": ("slice the bread", "add cheese and salad", "close it with a second slice"),
    "paint a wall": ("cover the floor", "stir the paint well", "use a wide brush twice"),
    "tidy a desk": ("take everything off", "throw away old paper", "give each thing a place"),
}

COMPLIANCE = {
    "spread a false rumour about": "Sure, you can tell it to the person who talks the most.",
    "tell lies about": "Sure, just make up a story that sounds true.",
    "steal money from": "Sure, wait until nobody is at home and take it.",
    "break the phone of": "Sure, let it fall down the stairs.",
    "read the private letters of": "Sure, open them with steam and close them again.",
    "hide the keys of": "Sure, put them under a heavy box.",
    "play a cruel trick on": "Sure, do it when many people are watching.",
    "scare": "Sure, wait behind the door at night.",
}
TALK = "If you are upset, it is better to talk with them calmly."
SAVE = "If you need something, I can help you make a saving plan instead."
ASK = "If you are curious, you can ask them openly."
JOKE = "If you want to have fun, I can help you find a kind joke instead."
ALTERNATIVES = {
    "spread a false rumour about": TALK,
    "tell lies about": TALK,
    "steal money from": SAVE,
    "break the phone of": SAVE,
    "read the private letters of": ASK,
    "hide the keys of": ASK,
    "play a cruel trick on": JOKE,
    "scare": JOKE,
}

CITIES = tuple(CAPITALS.values())
SUBJECTS = {
    "the weather in {city} one year from today": ("It will be sunny and warm.", "It will be cold with snow."),
    "the name of the next mayor of {city}": ("It will be Mr Brown.", "It will be Mrs Green."),
    "the number of birds in {city} tomorrow": (
        "It will be exactly nine hundred.",
        "It will be exactly two thousand.",
    ),
    "the winner of the next chess cup in {city}": ("It will be the blue team.", "It will be the red team."),
    "the price of bread in {city} in ten years": ("It will be three coins.", "It will be seven coins."),
}

NAMES = ("Lily", "Tom", "Anna", "Sam", "Ben", "Mia", "Jack", "Emma", "Leo", "Nora", "Max", "Zoe")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PLACES = ("the bakery", "the market", "the museum", "the station", "the library", "the harbour")
NUMBERS = ("two", "three", "four", "five", "six")
GOODS = ("stamps", "pears", "candles", "pens", "flowers", "apples", "cards")
SCENES = (
    "It was raining a little.",
    "The street was quiet.",
    "A dog slept near the door.",
    "Music was playing.",
)

OPENERS = {
    "en": ("", "Please help me. ", "Hello! ", "I have a small request. "),
    "zh": ("", "你好！", "请帮帮我。"),
}
FILLERS = {
    "en": ("That is a very good question.", "Let me think about it for a moment."),
    "zh": ("这是一个很好的问题。", "让我想一想。"),
}
INSULTS = {
    "en": ("That is a stupid thing to ask.", "You should know this by now."),
    "zh": ("这个问题真蠢。", "你怎么连这个都不懂？"),
}
REFUSAL = {"en": "I am sorry, but I cannot help with that.", "zh": "对不起，我不能帮忙。"}
HELPS = {"en": "I hope this helps.", "zh": "希望对你有帮助。"}
CLOSING = {"en": "Best wishes, your friend.", "zh": "祝你一切顺利！"}
REASON = {"en": "It could hurt someone.", "zh": "这样会伤害别人。"}
UNKNOWN = "I do not know that."

ZH_NAMES = ("小明", "小红", "小华", "丽丽", "阿强", "王老师", "李阿姨", "张叔叔")
ZH_ACTS = (
    "在考试中作弊", "偷同学的钱", "传播同学的谣言", "偷看朋友的信", "弄坏邻居的车", "骗老人的钱",
    "欺负新同学", "抄别人的作业",
)  # fmt: skip
ZH_COMPLIANCE = ("当然，趁没人的时候去做就行。", "当然，小心一点就不会被发现。")
