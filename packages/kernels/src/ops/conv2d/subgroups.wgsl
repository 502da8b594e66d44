// First among the modules of a kernel that exchanges registers between lanes.
enable subgroups;
