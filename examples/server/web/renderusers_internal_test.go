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
	return userPermissionsPage{hostileUser(), hostileForm(), []module[permissionRow]{{hostile, []permissionRow{row}}}}
}

func hostileToken() tokenPage {
	return tokenPage{hostile, "/x", &apitoken.Token{ID: hostile, Disabled: true}, hostileForm()}
}

// userBodies are the [pageBodies] of users and tokens.
func userBodies() map[string][2]any {
	listed := listRequest{Path: "/users", Label: hostile, Search: hostile, Sort: hostile, Kept: []listFilter{{"status", hostile}}}
	pages, users := paging{First: "/x", Next: "/y"}, []*userman.User{hostileUser()}
	tokens := []*apitoken.Token{{ID: hostile, Description: hostile, Extensions: []string{hostile}, Modules: []string{hostile}, RequestsPerHour: -1}}
	return map[string][2]any{
		"users":           {listPage[userman.User]{Extra: userFilters{}}, listPage[userman.User]{listed, hostile, []tableHeader{{Label: hostile}}, users, pages, userFilters{[]formField{hostileField("status")}, false}, nil}},
		"user":            {userPage{User: &userman.User{}}, userPage{hostileUser(), hostileForm(), hostileField("picture"), hostile}},
		"usermail":        {mailPage{Mail: &usermail.Mail{}}, mailPage{&usermail.Mail{To: hostile, ToName: hostile, Subject: hostile, Text: hostile, HTML: hostile}, hostile, hostile, hostile, "/x"}},
		"userpermissions": {userPermissionsPage{User: &userman.User{}}, hostilePermissions()},
		"tokens":          {listPage[apitoken.Token]{Extra: tokenHolder{}}, listPage[apitoken.Token]{Heads: []tableHeader{{Label: hostile}}, Items: tokens, Paging: pages, Extra: tokenHolder{hostile, hostile, false}}},
		"token":           {tokenPage{Token: &apitoken.Token{}}, hostileToken()},
	}
}
