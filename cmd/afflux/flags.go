package main

import (
	"reflect"

	"github.com/alecthomas/kong"

	"github.com/affluxlab/afflux/internal/config"
)

// settingFlag copies a flag that kong has built from a struct, under the setting's
// name and with a value of its own.
func settingFlag(template *kong.Flag, f config.Field) *kong.Flag {
	v := *template.Value
	tag := *v.Tag
	flag := *template
	flag.Value = &v
	v.Tag = &tag
	v.Flag = &flag
	v.Name = f.Flag()
	v.Help = f.Help + " (" + f.Accepts + ")"
	v.OrigHelp = v.Help
	v.Target = reflect.ValueOf(new(string)).Elem()
	v.DefaultValue = reflect.ValueOf("")
	v.Set = false
	flag.PlaceHolder = placeholder(f)
	flag.Envs = nil // config reads the environment, so that a mistake there names its variable
	flag.Hidden = false
	return &flag
}

func placeholder(f config.Field) string {
	if f.Secret {
		return "TOKEN"
	}
	if now := f.String(config.Defaults()); now != "" {
		return now
	}
	return string(f.Kind)
}
