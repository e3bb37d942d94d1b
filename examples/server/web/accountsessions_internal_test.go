package web

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDeviceName(t *testing.T) {
	t.Parallel()
	const webKit = " AppleWebKit/537.36 (KHTML, like Gecko) "
	for userAgent, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:147.0) Gecko/20100101 Firefox/147.0":                                                           "Firefox on Windows",
		"Mozilla/5.0 (X11; Linux x86_64; rv:147.0) Gecko/20100101 Firefox/147.0":                                                                     "Firefox on Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64)" + webKit + "Chrome/144.0.0.0 Safari/537.36 Edg/144.0.0.0":                                        "Edge on Windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64)" + webKit + "Chrome/144.0.0.0 Safari/537.36 OPR/125.0.0.0":                                        "Opera on Windows",
		"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0)" + webKit + "Chrome/144.0.0.0 Safari/537.36":                                                       "Chrome on ChromeOS",
		"Mozilla/5.0 (Linux; Android 10; K)" + webKit + "Chrome/144.0.0.0 Mobile Safari/537.36":                                                      "Chrome on Android",
		"Mozilla/5.0 (Linux; Android 10; K)" + webKit + "SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36":                                  "Samsung Internet on Android",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15":                      "Safari on macOS",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1":    "Safari on iPhone",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/144.0.0.0 Mobile/15E148 Safari/604.1": "Chrome on iPhone",
		"Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/147.0 Mobile/15E148 Safari/605.1.15":           "Firefox on iPad",
		"curl/8.14.1":            "curl",
		"Go-http-client/1.1":     "Go-http-client",
		"Mozilla/5.0":            "Unknown browser",
		"":                       "Unknown browser",
		"<script>":               "Unknown browser",
		"\u202eevil":             "Unknown browser",
		"evil\u202e/1":           "evil",
		"x\xff\x00":              "x",
		strings.Repeat("a", 256): strings.Repeat("a", 40),
	} {
		require.Equal(t, want, deviceName(userAgent), userAgent)
	}
}
