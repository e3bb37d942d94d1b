package web

import (
	"time"

	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/permission"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

func hostileUser() *userman.User {
	return &userman.User{
		ID: hostile, Username: hostile, DisplayName: hostile, DefaultExtension: hostile, Email: hostile, Groups: []string{hostile}, Directory: hostile,
		Picture: hostile, InvitationExpiresAt: time.Now(), PasswordExpiresAt: time.Now(), MissingSince: time.Now(), HasSecondFactor: true,
	}
}

func hostilePermissions() userPermissionsPage {
	list := permission.Permission{ID: "a.b", Kind: permission.KindStrings, Description: hostile, Default: permission.Set(hostile)}
	row := permissionRow{
		Control: newPermissionControl(list, permissionInput{choiceAppend, hostile}, formErrors{}), Value: hostile,
		Why: &permission.Explanation{Permission: list, Summary: hostile, Grants: []permission.Grant{
			{Layer: permission.LayerGroup, Group: hostile, Value: permission.Append(hostile)}, {Layer: permission.LayerDefault, Value: list.Default},
		}},
	}
	return userPermissionsPage{
		hostile, hostile, hostile, []problem{{Text: hostile}}, []difference{{hostile, hostile, hostile}}, hostile, []module[permissionRow]{{hostile, []permissionRow{row}}},
	}
}

func hostileToken() tokenPage {
	return tokenPage{hostile, hostile, "/x", &apitoken.Token{ID: hostile, Disabled: true}, hostileForm()}
}

// userBodies are what the pages of people are drawn with, see bodies.
func userBodies() map[string][2]any {
	listed := listRequest{Path: "/users", Label: hostile, Search: hostile, Sort: hostile, Kept: []listFilter{{"status", hostile}}}
	pages, people := paging{First: "/x", Next: "/y"}, []*userman.User{hostileUser()}
	tokens := []*apitoken.Token{{ID: hostile, Description: hostile, Extensions: []string{hostile}, Modules: []string{hostile}, RequestsPerHour: -1}}
	secret := group{Name: "how", Legend: hostile, Choices: []choice{{Value: hostile, Label: hostile, Hint: hostile}}}
	return map[string][2]any{
		"users":           {userListPage{}, userListPage{listed, []tableHeader{{Label: hostile}}, people, pages, []formField{hostileField("status")}, true, false}},
		"user":            {userPage{User: &userman.User{}}, userPage{hostileUser(), hostileForm(), hostileField("picture"), hostile}},
		"userpassword":    {userPasswordPage{}, userPasswordPage{[]problem{{Text: hostile}}, hostile, hostile, hostile, secret, hostileGroup(), hostileField("password")}},
		"usersecret":      {userSecretPage{}, userSecretPage{hostile, "/x", hostileCopy()}},
		"usermail":        {mailPage{Mail: &usermail.Mail{}}, mailPage{&usermail.Mail{To: hostile, ToName: hostile, Subject: hostile, Text: hostile, HTML: hostile}, hostile, hostile, hostile, "/x"}},
		"userpermissions": {userPermissionsPage{}, hostilePermissions()},
		"tokens":          {tokenListPage{}, tokenListPage{hostile, hostile, tokens, pages, false}},
		"token":           {tokenPage{Token: &apitoken.Token{}}, hostileToken()},
		"tokenkey":        {tokenKeyPage{}, tokenKeyPage{hostile, "/x", hostileCopy(), hostileCopy()}},
		"deleteduser":     {restorePage{}, restorePage{[]problem{{Text: hostile}}, hostile, "/x", hostileField("username"), hostileField("default_extension")}},
	}
}
