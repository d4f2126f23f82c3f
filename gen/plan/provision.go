package plan

import (
	"path"
	"strconv"

	"github.com/cloudgen/cloudgen/kconfig"
)

// provisionDir holds the files of secrets, one folder for each security tag, as the credentials folder of a device does.
const provisionDir = "provision"

// provision adds the files of secrets that have a value.
func (m *maker) provision(result *Plan) {
	by := map[string]kconfig.Provisioned{}
	for _, each := range m.config.Provisioned() {
		if each.Tag < 0 {
			found := m.fail(CodeProvision, "%s has a value that goes to a security tag, and %s has none", each.Option.Name, each.By.Tag)
			found.Subject = &each.By.Range
			found.Fix = each.By.Tag.String() + " = …"
			continue
		}
		name := path.Join(provisionDir, strconv.FormatInt(each.Tag, 10), each.By.File)
		if other, taken := by[name]; taken {
			found := m.fail(CodeProvision, "%s and %s both go to the file %s of the security tag %d", other.Option.Name, each.Option.Name, each.By.File, each.Tag)
			found.Subject = &each.By.Range
			found.Related = []kconfig.Related{{Message: "the other one", Range: other.By.Range}}
			found.Fix = "give them different security tags"
			continue
		}
		by[name] = each
		result.Provision = append(result.Provision, Provision{Option: each.Option.Name, Path: name, Note: each.By.Note})
		result.Files = append(result.Files, File{Path: name, From: Source(ofSecret + each.Option.Name)})
	}
}
