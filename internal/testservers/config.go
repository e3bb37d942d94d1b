package testservers

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// baseModules are the modules that every instance has: the dialplan and what
// it takes to place a call between two Local channels. The manager is part of
// Asterisk's core.
func baseModules() []string {
	return []string{
		"app_dial.so", "app_echo.so", "app_stack.so", "app_userevent.so", "app_verbose.so",
		"bridge_simple.so", "cdr_manager.so", "codec_ulaw.so",
		"func_callerid.so", "func_channel.so", "func_db.so", "func_global.so", "func_logic.so", "func_strings.so",
		"pbx_config.so", "res_security_log.so", "res_timing_timerfd.so",
	}
}

// layout is where one instance keeps its files.
type layout struct {
	base string // of all others; short, for the socket's path has 107 bytes at most
}

func (l layout) etc() string     { return filepath.Join(l.base, "etc") }
func (l layout) run() string     { return filepath.Join(l.base, "run") }
func (l layout) lib() string     { return filepath.Join(l.base, "lib") }
func (l layout) spool() string   { return filepath.Join(l.base, "spool") }
func (l layout) logs() string    { return filepath.Join(l.base, "log") }
func (l layout) conf() string    { return filepath.Join(l.base, "asterisk.conf") }
func (l layout) control() string { return filepath.Join(l.run(), "asterisk.ctl") }
func (l layout) log() string     { return filepath.Join(l.logs(), "messages") }
func (l layout) output() string  { return filepath.Join(l.logs(), "output") }

// newLayout makes the folders of an instance.
func newLayout() (layout, error) {
	const longestBase = 80
	base, err := os.MkdirTemp("", "ast")
	if err == nil && len(base) > longestBase {
		_ = os.Remove(base)
		base, err = os.MkdirTemp("/tmp", "ast")
	}
	if err != nil {
		return layout{}, err
	}
	// GetConfig refuses a file whose real path is not below astetcdir.
	if base, err = filepath.EvalSymlinks(base); err != nil {
		return layout{}, err
	}
	l := layout{base: base}
	for _, dir := range []string{l.etc(), l.run(), l.lib(), l.spool(), l.logs()} {
		if err := os.Mkdir(dir, 0o750); err != nil {
			return l, err
		}
	}
	return l, nil
}

// asteriskConf renders asterisk.conf.
func (l layout) asteriskConf(i *installation, execIncludes bool) string {
	var b strings.Builder
	b.WriteString("[directories]\n")
	writeDir := func(key, path string) {
		if path != "" {
			fmt.Fprintf(&b, "%s => %s\n", key, path)
		}
	}
	writeDir("astetcdir", l.etc())
	writeDir("astmoddir", i.modules)
	writeDir("astdatadir", i.data)
	for _, key := range []string{"astvarlibdir", "astdbdir", "astkeydir", "astagidir"} {
		writeDir(key, l.lib())
	}
	writeDir("astspooldir", l.spool())
	writeDir("astcachedir", l.spool())
	writeDir("astrundir", l.run())
	writeDir("astlogdir", l.logs())
	b.WriteString("\n[options]\nnocolor = yes\ndocumentation_language = en_US\n")
	if execIncludes {
		b.WriteString("execincludes = yes\n")
	}
	return b.String()
}

// managerConf renders manager.conf as Debian lays it out, and an
// administrator's account below it unless user is empty.
func managerConf(user, secret string) string {
	text := "[general]\nenabled = yes\nport = {{port}}\nbindaddr = 127.0.0.1\n\n#include \"manager.d/*.conf\"\n"
	if user != "" {
		text += fmt.Sprintf("\n[%s]\nsecret = %s\nread = all\nwrite = all\nwritetimeout = 5000\n", user, secret)
	}
	return text
}

// defaultFiles returns the files of the configuration folder by their paths in
// it. Those that say nothing keep Asterisk from complaining in its log.
func defaultFiles(modules []string) map[string]string {
	var load strings.Builder
	load.WriteString("[modules]\nautoload = no\n")
	for _, module := range slices.Concat(baseModules(), modules) {
		fmt.Fprintf(&load, "load = %s\n", module)
	}
	files := map[string]string{
		"modules.conf":          load.String(),
		"logger.conf":           "[general]\ndateformat = %F %T.%3q\n\n[logfiles]\nmessages = notice,warning,error,verbose,security\n",
		"extensions.conf":       "[general]\n\n[default]\n",
		"cdr_manager.conf":      "[general]\nenabled = yes\n",
		"indications.conf":      "[general]\ncountry = us\n\n[us]\ndescription = United States\ndial = 350+440\n",
		"manager.d/README.conf": "; Files *.conf in this folder are read by manager.conf.\n",
	}
	for _, name := range []string{"acl.conf", "ccss.conf", "cdr.conf", "cel.conf", "features.conf", "stasis.conf", "udptl.conf"} {
		files[name] = ""
	}
	return files
}

// writeFiles writes files below folder, with {{port}} in them filled in.
func writeFiles(dir string, files map[string]string, port int) error {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !filepath.IsLocal(name) {
			return fmt.Errorf("%s is not below the configuration folder", name)
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			return err
		}
		text := strings.ReplaceAll(files[name], "{{port}}", strconv.Itoa(port))
		if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
			return err
		}
	}
	return nil
}
