package api

import (
	"context"

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
	registerFixedList(operationGroup{api: a, tag: tagSettings}, "listSections", "/sections", a.app.Administrators.Sections)
	g := operationGroup{api: a, tag: tagSettings, section: app.SectionSettings}
	g.register(operation{id: "getAsterisk", route: "GET /asterisk", response: schemaFor[asterisk](a.document)}, a.getAsterisk)
	g.register(operation{id: "testAsterisk", route: "POST /asterisk/test", response: schemaFor[app.Connection](a.document)},
		func(ctx context.Context, _ *request) (*response, error) { return reply(a.app.CheckConnection(ctx)) })
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
