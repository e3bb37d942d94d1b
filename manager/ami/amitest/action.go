package amitest

import (
	"fmt"

	"github.com/pbxusers/pbxusers/manager/ami"
)

// defaultActions returns the default actions, with the write classes that
// Asterisk requires.
func defaultActions() map[string]action {
	return map[string]action{
		"challenge":    {handle: challenge},
		"login":        {handle: login},
		"logoff":       {handle: logoff},
		"ping":         {handle: ping},
		"coresettings": {handle: coreSettings, classes: []string{"system", "reporting"}},
		"getconfig":    {handle: getConfig, classes: []string{"system", "config"}},
		"reload":       {handle: reload, classes: []string{"config", "system"}},
		"command":      {handle: command, classes: []string{"command"}},
	}
}

func ping(c *Conn, r *Request) { c.Succeed(r, ami.Header{Name: "Ping", Value: "Pong"}) }

func coreSettings(c *Conn, r *Request) {
	c.Succeed(r, ami.Header{Name: "AMIversion", Value: "11.0.0"},
		ami.Header{Name: "AsteriskVersion", Value: c.server.opts.Version})
}

func reload(c *Conn, r *Request) { c.Succeed(r, ami.Header{Name: "Message", Value: "Module Reloaded"}) }

func getConfig(c *Conn, r *Request) {
	sections, ok := c.server.opts.Files[r.Get("Filename")]
	if !ok {
		c.Fail(r, "Config file not found")
		return
	}
	var headers []ami.Header
	for i, section := range sections {
		headers = append(headers, ami.Header{Name: fmt.Sprintf("Category-%06d", i), Value: section.Name})
		for j, line := range section.Lines {
			headers = append(headers, ami.Header{Name: fmt.Sprintf("Line-%06d-%06d", i, j), Value: line.Key + "=" + line.Value})
		}
	}
	c.Succeed(r, headers...)
}

func command(c *Conn, r *Request) {
	lines, ok := c.server.opts.Commands[r.Get("Command")]
	response := "Success"
	if !ok {
		response, lines = "Error", []string{"No such command (type 'core show help' for other possible commands)"}
	}
	if len(lines) == 0 {
		lines = []string{""}
	}
	headers := []ami.Header{{Name: "Message", Value: "Command output follows"}}
	for _, line := range lines {
		headers = append(headers, ami.Header{Name: "Output", Value: line})
	}
	c.Respond(r, response, headers...)
}
