package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"runtime/debug"
	"strings"

	"github.com/spf13/pflag"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
)

// settings are the settings of the application and of the server. Each is a flag, an
// environment variable, and a key of pbxusers.ini.
type settings struct {
	site       app.Settings
	listen     string
	tlsCert    string
	tlsKey     string
	proxyAddrs []string
	logLevel   slog.Level
	version    bool
	// maxConnections is the number at a time.
	maxConnections int
}

// readSettings reads the command line, then the environment, then the file.
func readSettings(args []string, help io.Writer) (*settings, error) {
	var s settings
	flags := pflag.NewFlagSet("server", pflag.ContinueOnError)
	flags.SetOutput(help)
	flags.Usage = func() {
		_, _ = fmt.Fprintf(help, "Serve the pages and the API for the users of an Asterisk PBX.\n\n"+
			"Every flag can be set in the environment, --conf-dir as PBXUSERS_CONF_DIR, and in pbxusers.ini, as conf-dir.\n\n%s", flags.FlagUsages())
	}
	s.register(flags)
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	ini, required := app.IniFile(flags)
	if err := app.LoadFlags(flags, ini, required); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, errors.New("unexpected argument; run with --help for usage")
	}
	if (s.tlsCert == "") != (s.tlsKey == "") {
		return nil, store.NewInvalidError(store.FieldError{Field: "tls-key", Code: store.CodeRequired, Message: "set --tls-cert and --tls-key together"})
	}
	if s.maxConnections < 1 {
		return nil, store.NewInvalidError(store.FieldError{Field: "max-connections", Code: store.CodeMin, Message: "enter 1 or more"})
	}
	if _, err := s.trustedProxies(); err != nil {
		return nil, err
	}
	return &s, s.site.Check()
}

func (s *settings) register(flags *pflag.FlagSet) {
	s.site.Register(flags)
	app.RegisterIniFile(flags)
	flags.StringVar(&s.listen, "listen", "127.0.0.1:8080", "`ADDRESS` to listen on")
	flags.StringVar(&s.tlsCert, "tls-cert", "", "`FILE` of the TLS certificate, with its chain; enables https")
	flags.StringVar(&s.tlsKey, "tls-key", "", "`FILE` of the key of the TLS certificate")
	flags.StringSliceVar(&s.proxyAddrs, "trusted-proxies", nil, "`ADDRESSES` or networks of proxies whose X-Forwarded-For is trusted")
	flags.IntVar(&s.maxConnections, "max-connections", 2048, "`NUMBER` of connections at a time; one client can have a quarter of them")
	flags.TextVar(&s.logLevel, "log-level", slog.LevelInfo, "minimum `LEVEL` to log: debug, info, warn or error")
	flags.BoolVar(&s.version, "version", false, "print the version")
}

// trustedProxies parses the addresses and networks of proxies.
func (s *settings) trustedProxies() ([]netip.Prefix, error) {
	prefixes := make([]netip.Prefix, len(s.proxyAddrs))
	for i, text := range s.proxyAddrs {
		text = strings.TrimSpace(text)
		prefix, err := netip.ParsePrefix(text)
		if addr, single := netip.ParseAddr(text); single == nil {
			// Remote addresses are compared as IPv4 where possible.
			addr = addr.Unmap()
			prefix, err = addr.Prefix(addr.BitLen())
		}
		if err != nil {
			return nil, store.NewInvalidError(store.FieldError{
				Field: fmt.Sprintf("trusted-proxies[%d]", i), Code: store.CodeNetwork, Message: "enter an address such as 192.0.2.1 or a network such as 192.0.2.0/24",
			})
		}
		prefixes[i] = prefix
	}
	return prefixes, nil
}

// versionText returns the version of the program.
func versionText() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return "unknown"
}
