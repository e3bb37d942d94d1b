package api

import (
	"context"
	"net/http"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
)

const tagSettings = "settings"

// asterisk is how the server connects to Asterisk.
type asterisk struct {
	ConfDir string `json:"conf_dir"`
	Address string `json:"address"`
	User    string `json:"user"`
}

func (a *api) registerSettings() {
	operationGroup{api: a, tag: tagSettings}.register(operation{
		id: "listSections", method: http.MethodGet, path: "/sections", summary: "List the sections of administrators",
		response: singlePage([]ampusers.Section{exampleSection()}),
	}, func(context.Context, *request) (*response, error) {
		return &response{body: singlePage(a.app.Administrators.Sections())}, nil
	})
	g := operationGroup{api: a, tag: tagSettings, section: app.SectionSettings}
	g.register(operation{
		id: "getAsterisk", method: http.MethodGet, path: "/asterisk", summary: "Show the settings of the connection to Asterisk",
		errors: []int{http.StatusConflict}, response: asterisk{ConfDir: "/etc/asterisk", Address: "127.0.0.1:5038", User: "pbxusers"},
	}, a.getAsterisk)
	g.register(operation{
		id: "testAsterisk", method: http.MethodPost, path: "/asterisk/test", summary: "Test the connection to Asterisk",
		response: app.Connection{ConfDir: "/etc/asterisk", Address: "127.0.0.1:5038", User: "pbxusers", OK: true, Version: "22.5.2"},
	}, func(ctx context.Context, _ *request) (*response, error) { return reply(a.app.CheckConnection(ctx)) })
}

func exampleSection() ampusers.Section {
	return ampusers.Section{ID: app.SectionAMIAccounts, Name: "AMI accounts", Description: "Create, change and delete AMI accounts, which programs use to talk to Asterisk."}
}

func (a *api) getAsterisk(context.Context, *request) (*response, error) {
	address, err := a.app.Settings.Address()
	if err != nil {
		return nil, configurationError(err)
	}
	if address == app.NoAsterisk {
		address = ""
	}
	return &response{body: asterisk{ConfDir: a.app.Settings.ConfDir, Address: address, User: a.app.Settings.AMIUser}}, nil
}
