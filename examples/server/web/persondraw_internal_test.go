package web

import (
	"time"

	"github.com/pbxusers/pbxusers/userman"
)

func hostilePerson() *userman.User {
	return &userman.User{
		ID: hostile, Username: hostile, DisplayName: hostile, DefaultExtension: hostile, Email: hostile, Groups: []string{hostile}, Directory: hostile,
		Picture: hostile, InvitedUntil: time.Now(), PasswordExpiresAt: time.Now(), MissingSince: time.Now(), HasSecondFactor: true,
	}
}

func hostilePersonFields() personFields {
	all := personForms{
		groups: []*userman.Group{{Name: hostile, Description: hostile, Directory: hostile}}, owns: func(name string) bool { return name == "title" }, directory: hostile,
	}.fields(inputOfPerson(hostilePerson()), refusals{})
	all.Refused = []problem{{Text: hostile}}
	all.Problems, all.Conflict, all.Version = []problem{{Href: "#x", Text: hostile}}, []difference{{hostile, hostile, hostile}}, hostile
	all.Begin, all.Password = beginGroup(hostile, refusals{}), hostileField("password")
	return all
}

func hostilePermissions() personPermissionsPage {
	list := userman.Permission{ID: "a.b", Kind: userman.Names, Sentence: hostile, Default: userman.Replace(hostile)}
	row := permissionRow{
		Control: newPermissionControl(list, saidInput{chosenExtend, hostile}, refusals{}), Value: hostile,
		Why: &userman.Explanation{Permission: list, Sentence: hostile, Sources: []userman.Source{
			{Origin: userman.FromGroup, Group: hostile, Value: userman.Extend(hostile)}, {Origin: userman.FromDefault, Value: list.Default},
		}},
	}
	return personPermissionsPage{
		hostile, hostile, hostile, []problem{{Text: hostile}}, []difference{{hostile, hostile, hostile}}, hostile, []module[permissionRow]{{hostile, []permissionRow{row}}},
	}
}

func hostileToken() tokenPage {
	form := tokenInput{Description: hostile, Extensions: hostile, Modules: hostile, Addresses: hostile, ExpiresAt: hostile}.fields(refusals{})
	form.Problems, form.Conflict, form.Version = []problem{{Text: hostile}}, []difference{{hostile, hostile, hostile}}, hostile
	return tokenPage{hostile, hostile, hostile, &userman.Token{ID: hostile, Disabled: true}, "/x", form}
}

// personBodies are what the pages of people are drawn with, see bodies.
func personBodies() map[string][2]any {
	listed := listing{Path: "/people", Label: hostile, Search: hostile, Sort: hostile, Kept: []kept{{"status", hostile}}}
	pages, people := paging{First: "/x", Next: "/y"}, []*userman.User{hostilePerson()}
	tokens := []*userman.Token{{ID: hostile, Description: hostile, Extensions: []string{hostile}, Modules: []string{hostile}, RequestsPerHour: -1}}
	secret := group{Name: "how", Legend: hostile, Choices: []choice{{Value: hostile, Label: hostile, Hint: hostile}}}
	return map[string][2]any{
		"people":            {personListPage{}, personListPage{listed, []head{{Label: hostile}}, people, pages, []field{hostileField("status")}, true}},
		"personnew":         {personFields{}, hostilePersonFields()},
		"person":            {personPage{User: &userman.User{}}, personPage{hostilePerson(), hostilePersonFields(), hostileField("picture"), hostile}},
		"personpassword":    {personPasswordPage{}, personPasswordPage{[]problem{{Text: hostile}}, hostile, hostile, hostile, secret, hostileGroup(), hostileField("password")}},
		"personsecret":      {personSecretPage{}, personSecretPage{hostile, "/x", hostileCopy()}},
		"personmail":        {mailPage{Message: &userman.Message{}}, mailPage{&userman.Message{To: hostile, ToName: hostile, Subject: hostile, Text: hostile, HTML: hostile}, hostile, hostile, hostile, "/x"}},
		"personpermissions": {personPermissionsPage{}, hostilePermissions()},
		"tokens":            {tokenListPage{}, tokenListPage{hostile, hostile, tokens, pages, false}},
		"tokennew":          {tokenPage{}, hostileToken()},
		"token":             {tokenPage{Token: &userman.Token{}}, hostileToken()},
		"tokenkey":          {tokenKeyPage{}, tokenKeyPage{hostile, "/x", hostileCopy(), hostileCopy()}},
		"deletedpeople":     {deletedListPage{}, deletedListPage{listed, people, pages}},
		"deletedperson":     {restorePage{}, restorePage{[]problem{{Text: hostile}}, hostile, "/x", hostileField("username"), hostileField("default_extension")}},
	}
}
