/* The program: the command line, without an application of its own. */
#include "parley/app.h"

int main(int argc, char **argv)
{
    return parley_main(argc, argv, NULL);
}
