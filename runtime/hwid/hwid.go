// Package hwid is the source of the hardware id that a device is known by (SDK: HW_ID_LIBRARY).
package hwid
