package demo

// digests are the SHA-256 of the files, by item name. TestDigests prints the new ones when the recipe changes.
var digests = map[string]string{
	"demo-1-oval":        "1f0fc661670565f47e4e3e4459c6ce0ca73deb6c81f9adfb7a802cb4cb68cfcb",
	"demo-2-shadow":      "c4eaa588e724e436ba41ba26195bd99da60510f32e9f05c4d89a8843dcdc90f2",
	"demo-3-enhancement": "63547a6f274688e65bff1a86103fa6d244663f421f5935db060baeb549948242",
	"demo-4-irregular":   "b6e28e64ebb8fe858316ab6caed36f427720d774da8c4fec48d8c1e50911adc0",
	"demo-5-two":         "def1580f29dfcd1d8684f5f6dca1a1b39bfbc5a3f86f4014d75c660758c6ffd1",
	"demo-6-none":        "a9d4d938affa7eebce31f3532cee7db62f0452959dccdcfdccafd3ea487a8c1e",
	"demo-7-cine":        "5e00a16e17251d00bb4ed1fb7d7df6423053f0a42ffcb546deef2dfcc9323c53",
}
