package api

import (
	"context"
	"net/http"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
)

const tagSettings = "settings"

// asterisk says how the server is set to reach Asterisk.
type asterisk struct {
	ConfDir string `json:"conf_dir"`
	Address string `json:"address"`
	User    string `json:"user"`
}

func (a *api) registerSettings() {
	register(operationGroup{api: a, tag: tagSettings}, operation{
		id: "listSections", method: http.MethodGet, path: "/sections", summary: "List the sections that administrators can be given",
		response: singlePage([]ampusers.Section{exampleSection()}),
	}, a.listSections)
	g := operationGroup{api: a, tag: tagSettings, section: app.SectionSettings}
	register(g, operation{
		id: "getAsterisk", method: http.MethodGet, path: "/asterisk", summary: "Say how the server is set to reach Asterisk",
		errors: []int{http.StatusConflict}, response: asterisk{ConfDir: "/etc/asterisk", Address: "127.0.0.1:5038", User: "pbxusers"},
	}, a.getAsterisk)
	register(g, operation{
		id: "testAsterisk", method: http.MethodPost, path: "/asterisk/test", summary: "Log in to Asterisk, and say how it went",
		response: app.Connection{ConfDir: "/etc/asterisk", Address: "127.0.0.1:5038", User: "pbxusers", OK: true, Version: "22.5.2"},
	}, a.testAsterisk)
}

func exampleSection() ampusers.Section {
	return ampusers.Section{ID: app.SectionAMIAccounts, Name: "AMI accounts", Description: "Make, change and remove the accounts with which programs talk to Asterisk."}
}

func (a *api) listSections(context.Context, *struct{}) (*listOutput[ampusers.Section], error) {
	return &listOutput[ampusers.Section]{singlePage(a.app.Administrators.Sections())}, nil
}

func (a *api) getAsterisk(context.Context, *struct{}) (*struct{ Body asterisk }, error) {
	address, err := a.app.Settings.Address()
	if err != nil {
		return nil, configurationError(err)
	}
	if address == app.NoAsterisk {
		address = ""
	}
	return &struct{ Body asterisk }{asterisk{ConfDir: a.app.Settings.ConfDir, Address: address, User: a.app.Settings.AMIUser}}, nil
}

func (a *api) testAsterisk(ctx context.Context, _ *struct{}) (*struct{ Body *app.Connection }, error) {
	connection, err := a.app.CheckConnection(ctx)
	if err != nil {
		return nil, err
	}
	return &struct{ Body *app.Connection }{connection}, nil
}
