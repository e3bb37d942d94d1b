package api

import (
	"context"

	"github.com/pbxusers/pbxusers/examples/internal/app"
)

// asterisk is how the server connects to Asterisk.
type asterisk struct {
	ConfDir string `json:"conf_dir"`
	Address string `json:"address"`
	User    string `json:"user"`
}

func (a *api) registerSettings() {
	registerFixedList(a.group("settings", ""), "listSections", "GET /sections", a.app.Administrators.Sections)
	g := a.group("settings", app.SectionSettings)
	registerValue(g, "listSettings", "GET /settings", a.listSettings)
	registerValue(g, "getAsterisk", "GET /asterisk", a.getAsterisk)
	registerValue(g, "testAsterisk", "POST /asterisk/test", a.app.CheckConnection)
}

// listSettings returns all settings with their sources, without secrets.
func (a *api) listSettings(ctx context.Context) (list[app.SettingView], error) {
	all, _, err := a.app.AllSettings(ctx)
	if err != nil {
		return list[app.SettingView]{}, err
	}
	views := make([]app.SettingView, len(all))
	for i, setting := range all {
		views[i] = setting.View()
	}
	return singlePage(views), nil
}

func (a *api) getAsterisk(context.Context) (*asterisk, error) {
	address, err := a.app.Host().Address()
	if err != nil {
		return nil, configurationError(err)
	}
	if address == app.NoAsterisk {
		address = ""
	}
	return &asterisk{ConfDir: a.app.Settings.ConfDir, Address: address, User: a.app.Settings.AMIUser}, nil
}
