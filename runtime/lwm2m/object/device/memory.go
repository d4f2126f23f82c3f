package device

import (
	"bufio"
	"os"
	"strconv"
	"strings"
)

// memory gives a line of /proc/meminfo in kB; known is false where there is no such file (proc(5)).
func memory(name string) (kB int64, known bool) {
	file, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0, false
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) >= 2 && fields[0] == name {
			kB, err = strconv.ParseInt(fields[1], 10, 64)
			return kB, err == nil
		}
	}
	return 0, false
}
