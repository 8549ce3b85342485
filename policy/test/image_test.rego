# What everybody may do in the image API, action by action, in the letters of people_test.rego.
#
# rule: the service's own name of it; may: who may do it; see: who may know of the object (absent: nothing is
# hidden). An attribute stands after a blank, and is asked together with its action.
package gurum.test.image

import rego.v1

import data.gurum.test.people.cases

extra := {"image": "bBcCiIj"}

expected := {
	"image:images:list": {"rule": "get_images", "may": "rmgatbBcCiI"},
	"image:images:show": {"rule": "get_image", "may": "rmgabBcCiI", "see": "rmgabBcCiI"},
	"image:images:create": {"rule": "add_image", "may": "mga"},
	"image:images:create public": {"rule": "publicize_image", "may": "a"},
	"image:images:create community": {"rule": "communitize_image", "may": "mga"},
	"image:images:update": {"rule": "modify_image", "may": "mga", "see": "rmgabBcCiI"},
	"image:images:update public": {"rule": "publicize_image", "may": "a", "see": "rmgabBcCiI"},
	"image:images:update community": {"rule": "communitize_image", "may": "mga", "see": "rmgabBcCiI"},
	"image:images:update owner": {"rule": "modify_image", "may": "a", "see": "rmgabBcCiI"},
	"image:images:delete": {"rule": "delete_image", "may": "mga", "see": "rmgabBcCiI"},
	"image:images:upload": {"rule": "upload_image", "may": "mga", "see": "rmgabBcCiI"},
	"image:images:stage": {"rule": "modify_image", "may": "mga", "see": "rmgabBcCiI"},
	"image:images:import": {"rule": "modify_image", "may": "mga", "see": "rmgabBcCiI"},
	"image:images:copy": {"rule": "copy_image", "may": "a", "see": "rmgabBcCiI"},
	"image:images:download": {"rule": "download_image", "may": "mgaBCI", "see": "rmgabBcCiI"},
	"image:images:deactivate": {"rule": "deactivate", "may": "mga", "see": "rmgabBcCiI"},
	"image:images:reactivate": {"rule": "reactivate", "may": "mga", "see": "rmgabBcCiI"},
	"image:image_tags:update": {"rule": "modify_image", "may": "mga", "see": "rmgabBcCiI"},
	"image:image_tags:delete": {"rule": "modify_image", "may": "mga", "see": "rmgabBcCiI"},
	"image:image_locations:show": {"rule": "get_image_location", "may": "rmga", "see": "rmgabBcCiI"},
	"image:image_locations:update": {"rule": "set_image_location", "may": "mga", "see": "rmgabBcCiI"},
	"image:image_locations:add": {"rule": "add_image_location", "may": "mgas", "see": "rmgabBcCiI"},
	"image:image_locations:fetch": {"rule": "fetch_image_location", "may": "as", "see": "rmgabBcCiI"},
	"image:image_locations:delete": {"rule": "delete_image_location", "may": "a", "see": "rmgabBcCiI"},
	"image:members:list": {"rule": "get_members", "may": "rmgaiI", "see": "rmgabBcCiI"},
	"image:members:show": {"rule": "get_member", "may": "rmgaiI", "see": "rmgabBcCiI"},
	"image:members:create": {"rule": "add_member", "may": "mga", "see": "rmgabBcCiI"},
	"image:members:update": {"rule": "modify_member", "may": "aI", "see": "rmgabBcCiI"},
	"image:members:delete": {"rule": "delete_member", "may": "mga", "see": "rmgabBcCiI"},
	"image:schemas:show": {"rule": "get_schema", "may": "rmgnuastybBcCiIj"},
	"image:info:import": {"rule": "get_import_info", "may": "rmgnuastybBcCiIj"},
	"image:info:stores": {"rule": "get_stores_info", "may": "rmgnuastybBcCiIj"},
	"image:info:stores detail": {"rule": "stores_info_detail", "may": "as"},
	"image:tasks:list": {"rule": "tasks_api_access", "may": "a"},
	"image:tasks:show": {"rule": "tasks_api_access", "may": "a"},
	"image:tasks:create": {"rule": "tasks_api_access", "may": "a"},
	"image:tasks:delete": {"rule": "tasks_api_access", "may": "a"},
	"image:cache:list": {"rule": "cache_list", "may": "a"},
	"image:cache:delete": {"rule": "cache_delete", "may": "a"},
	"image:cache:clear": {"rule": "cache_clean", "may": "a"},
	"image:cache:queue": {"rule": "cache_image", "may": "a"},
	"image:metadef_namespaces:list": {"rule": "get_metadef_namespaces", "may": "rmgatbBcCiI"},
	"image:metadef_namespaces:show": {"rule": "get_metadef_namespace", "may": "rmgabB", "see": "rmgabB"},
	"image:metadef_resource_types:list": {"rule": "list_metadef_resource_types", "may": "rmgabB"},
}

test_image := cases(expected, extra)
